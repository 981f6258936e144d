//! Clients of Amazon's and Google's clouds, against servers that speak as the clouds do.

use super::{asks, body, comes_to, json, only, xml};
use crate::origin::{Request, respond};

/// A client that speaks to `base`.
const OPTIONS: &str = "const options = { region: 'eu-west-1', accessKeyId: 'AKID', secretAccessKey: 'secret', endpoint: base, maxRetries: 0, s3ForcePathStyle: true };";

/// As [`asks`], with `options` for a client of AWS.
#[track_caller]
fn asks_aws(
    answer: impl Fn(&Request) -> Vec<u8> + Send + Sync + 'static,
    statements: &str,
    expected: &str,
) -> Request {
    let requests = asks(answer, &format!("{OPTIONS}\n{statements}"), expected);
    let [request] = &requests[..] else {
        panic!("one request: {requests:#?}");
    };
    let authorization = request.header("authorization").unwrap_or_default();
    assert!(authorization.contains("AKID"), "{request:#?}");
    request.clone()
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn s3_puts_and_gets() {
    let request = asks_aws(
        |_| respond("200 OK", &[("etag", "\"e1\"")], b""),
        "return await new AWS.S3(options).putObject({ Bucket: 'logs', Key: 'a/b.json', Body: JSON.stringify({ a: 1 }), ContentType: 'application/json' }).promise()",
        r#"{"ETag":"\"e1\""}"#,
    );
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("PUT", "/logs/a/b.json")
    );
    assert_eq!(body(&request), r#"{"a":1}"#);
    asks_aws(
        |_| respond("200 OK", &[("content-type", "text/plain")], b"contents"),
        "const { Body } = await new AWS.S3(options).getObject({ Bucket: 'logs', Key: 'k' }).promise()
        return { body: Body.toString(), buffer: Buffer.isBuffer(Body) }",
        r#"{"body":"contents","buffer":true}"#,
    );
    let missing = "<Error><Code>NoSuchKey</Code><Message>Not there.</Message></Error>";
    asks_aws(
        move |_| respond("404 Not Found", &[("content-type", "application/xml")], missing.as_bytes()),
        "const error = await caught(new AWS.S3(options).getObject({ Bucket: 'logs', Key: 'k' }).promise())
        return { code: error.code, status: error.statusCode, message: error.message }",
        r#"{"code":"NoSuchKey","status":404,"message":"Not there."}"#,
    );
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn sns_publishes_and_sqs_sends() {
    let request = asks_aws(
        |_| xml("<PublishResponse><PublishResult><MessageId>m1</MessageId></PublishResult></PublishResponse>"),
        "const { MessageId } = await new AWS.SNS(options).publish({ TopicArn: 'arn:aws:sns:eu-west-1:1:t', Message: 'hi' }).promise()
        return { MessageId }",
        r#"{"MessageId":"m1"}"#,
    );
    assert!(
        body(&request).starts_with("Action=Publish&Message=hi&"),
        "{request:#?}"
    );
    let request = asks_aws(
        |_| json(r#"{"MessageId":"m2","MD5OfMessageBody":"49f68a5c8493ec2c0bf489821c21fc3b"}"#),
        "const { MessageId } = await new AWS.SQS(options).sendMessage({ QueueUrl: base + '/1/q', MessageBody: 'hi' }).promise()
        return { MessageId }",
        r#"{"MessageId":"m2"}"#,
    );
    assert_eq!(
        request.header("x-amz-target"),
        Some("AmazonSQS.SendMessage")
    );
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn lambda_is_invoked() {
    let request = asks_aws(
        |_| json(r#"{"answer":42}"#),
        "const { Payload, StatusCode } = await new AWS.Lambda(options).invoke({ FunctionName: 'f', Payload: JSON.stringify({ a: 1 }) }).promise()
        return { answer: JSON.parse(Payload).answer, StatusCode }",
        r#"{"answer":42,"StatusCode":200}"#,
    );
    assert_eq!(request.path, "/2015-03-31/functions/f/invocations");
    assert_eq!(body(&request), r#"{"a":1}"#);
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn dynamodb_gets_a_document() {
    let request = asks_aws(
        |_| json(r#"{"Item":{"id":{"S":"1"},"tags":{"SS":["a"]},"n":{"N":"5"}}}"#),
        "const { Item } = await new AWS.DynamoDB.DocumentClient(options).get({ TableName: 't', Key: { id: '1' } }).promise()
        return { id: Item.id, n: Item.n, tags: Item.tags.values }",
        r#"{"id":"1","n":5,"tags":["a"]}"#,
    );
    assert_eq!(
        request.header("x-amz-target"),
        Some("DynamoDB_20120810.GetItem")
    );
    assert_eq!(
        body(&request),
        r#"{"TableName":"t","Key":{"id":{"S":"1"}}}"#
    );
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn every_service_of_the_sdk_is_described() {
    comes_to(
        "const names = Object.keys(AWS).filter(name => AWS[name]?.serviceIdentifier), broken = []
        for (const name of names) { try { new AWS[name]({ region: 'x', endpoint: 'http://127.0.0.1' }) } catch (error) { broken.push(name + ' ' + error.message) } }
        return { many: names.length > 300, broken }",
        r#"{"many":true,"broken":[]}"#,
    );
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn google_storage_saves_and_reads() {
    let requests = asks(
        |request| match request.method.as_str() {
            "POST" => json(r#"{"name":"o.txt","bucket":"b"}"#),
            _ => respond("200 OK", &[("content-type", "text/plain")], b"contents"),
        },
        "const file = new google.cloud.storage.Storage({ projectId: 'p', apiEndpoint: base }).bucket('b').file('o.txt')
        await file.save('contents', { resumable: false, validation: false })
        const [read] = await file.download({ validation: false })
        return { read: read.toString() }",
        r#"{"read":"contents"}"#,
    );
    let lines = requests.iter().map(|request| request.path.as_str());
    assert_eq!(
        lines.collect::<Vec<_>>(),
        [
            "/upload/storage/v1/b/b/o?uploadType=multipart&name=o.txt",
            "/storage/v1/b/b/o/o.txt?alt=media"
        ]
    );
    assert!(body(&requests[0]).contains("contents"));
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn bigquery_inserts_and_queries() {
    let requests = asks(
        |_| json(r#"{"kind":"bigquery#tableDataInsertAllResponse"}"#),
        "const bigquery = new google.cloud.bigquery.BigQuery({ projectId: 'p', apiEndpoint: base })
        const [answer] = await bigquery.dataset('d').table('t').insert([{ n: 1 }])
        return { kind: answer.kind }",
        r#"{"kind":"bigquery#tableDataInsertAllResponse"}"#,
    );
    let request = only(
        &requests,
        "POST /bigquery/v2/projects/p/datasets/d/tables/t/insertAll?prettyPrint=false",
    );
    assert!(body(&request).contains(r#""json":{"n":1}"#), "{request:#?}");
    asks(
        |_| json(
            r#"{"jobComplete":true,"jobReference":{"projectId":"p","jobId":"j","location":"US"},
                "schema":{"fields":[{"name":"n","type":"INTEGER"}]},"rows":[{"f":[{"v":"7"}]}],"totalRows":"1"}"#,
        ),
        "const [rows] = await new google.cloud.bigquery.BigQuery({ projectId: 'p', apiEndpoint: base }).query('SELECT 7 AS n')
        return { rows }",
        r#"{"rows":[{"n":7}]}"#,
    );
}
