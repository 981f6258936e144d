//! Clients of services, against servers that speak as the services do.

use serde_json::Value;

use super::{AUTHORITY, asks, body, comes_to, json, only, xml};
use crate::{
    https::{self, Server},
    origin::{Request, respond},
    service::block_on,
};

#[track_caller]
fn sent_json(request: &Request) -> Value {
    serde_json::from_slice(&request.body).expect("a body of JSON")
}

/// As [`asks`], over TLS and with `host` the server's name and port; the lines of the requests it got.
#[track_caller]
fn asks_securely(answer: &'static str, statements: &str, expected: &str) -> Vec<String> {
    let kind = [("content-type", "application/json")];
    let config = AUTHORITY.server(&["127.0.0.1"], &["http/1.1"]);
    let respond = move |_| async move { https::reply(200, &kind, answer) };
    let server = block_on(Server::https(config, respond));
    let statements = format!("const host = '{}'\n{statements}", server.address);
    comes_to(&statements, expected);
    let requests = server.requests().into_iter();
    requests.map(|request| request.line).collect()
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn stripe_creates_a_customer() {
    let requests = asks(
        |_| json(r#"{"id":"cus_1","object":"customer"}"#),
        "const client = stripe('sk_test_1', { host: '127.0.0.1', port, protocol: 'http' })
        const customer = await client.customers.create({ email: 'ada@example.com', metadata: { plan: 'a b' } }, { idempotencyKey: 'k1' })
        return { id: customer.id }",
        r#"{"id":"cus_1"}"#,
    );
    let request = only(&requests, "POST /v1/customers");
    assert_eq!(
        body(&request),
        "email=ada%40example.com&metadata[plan]=a%20b"
    );
    assert_eq!(request.header("authorization"), Some("Bearer sk_test_1"));
    assert_eq!(request.header("idempotency-key"), Some("k1"));
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn stripe_tells_of_a_declined_card_and_checks_webhooks() {
    let declined = r#"{"error":{"type":"card_error","code":"card_declined","message":"Your card was declined."}}"#;
    asks(
        move |_| respond("402 Payment Required", &[("content-type", "application/json")], declined.as_bytes()),
        "const client = new stripe('sk_test_1', { host: '127.0.0.1', port, protocol: 'http', maxNetworkRetries: 0 })
        const error = await caught(client.charges.create({ amount: 100, currency: 'eur', source: 'tok' }))
        const payload = '{\"id\":\"evt_1\"}', header = client.webhooks.generateTestHeaderString({ payload, secret: 'whsec' })
        return { type: error.type, code: error.code, message: error.message, event: client.webhooks.constructEvent(payload, header, 'whsec').id }",
        r#"{"type":"StripeCardError","code":"card_declined","message":"Your card was declined.","event":"evt_1"}"#,
    );
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn twilio_sends_a_message() {
    let requests = asks(
        |_| respond("201 Created", &[("content-type", "application/json")], br#"{"sid":"SM1","status":"queued"}"#),
        "class Redirected extends twilio.RequestClient { request(options) { return super.request({ ...options, uri: options.uri.replace('https://api.twilio.com', base) }) } }
        const client = twilio('AC00000000000000000000000000000000', 'token', { httpClient: new Redirected() })
        const message = await client.messages.create({ to: '+12025550101', from: '+12025550100', body: 'hi there' })
        return { sid: message.sid, status: message.status }",
        r#"{"sid":"SM1","status":"queued"}"#,
    );
    let request = only(
        &requests,
        "POST /2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json",
    );
    assert_eq!(
        body(&request),
        "To=%2B12025550101&From=%2B12025550100&Body=hi%20there"
    );
    let authorization = request.header("authorization").unwrap_or_default();
    assert!(authorization.starts_with("Basic "), "{authorization}");
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn sendgrid_sends_mail_and_calls_its_api() {
    let requests = asks(
        |_| respond("202 Accepted", &[("x-message-id", "m1")], b""),
        "sendgrid.client.setApiKey('SG.1'); sendgrid.client.setDefaultRequest('baseUrl', base + '/'); sendgrid.mail.setClient(sendgrid.client)
        const [response] = await sendgrid.mail.send({ to: 'ada@example.com', from: 'me@example.com', subject: 'Hi', text: 'there' })
        const [listed] = await sendgrid.client.request({ method: 'PUT', url: '/v3/marketing/contacts', body: { contacts: [] } })
        return { status: response.statusCode, id: response.headers['x-message-id'], listed: listed.statusCode }",
        r#"{"status":202,"id":"m1","listed":202}"#,
    );
    let [mail, contacts] = &requests[..] else {
        panic!("two requests: {requests:#?}");
    };
    assert_eq!(mail.path, "/v3/mail/send");
    assert_eq!(mail.header("authorization"), Some("Bearer SG.1"));
    assert_eq!(sent_json(mail)["subject"], "Hi");
    assert_eq!(
        (contacts.method.as_str(), contacts.path.as_str()),
        ("PUT", "/v3/marketing/contacts")
    );
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn mailjet_sends_mail() {
    let lines = asks_securely(
        r#"{"Messages":[{"Status":"success"}]}"#,
        "const mailjet = nodemailjet.nodemailjet.apiConnect('key', 'secret', { config: { host } })
        const result = await mailjet.post('send', { version: 'v3.1' }).request({ Messages: [{ To: [{ Email: 'ada@example.com' }] }] })
        return result.body",
        r#"{"Messages":[{"Status":"success"}]}"#,
    );
    assert_eq!(lines, ["POST /v3.1/send"]);
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn mailchimp_adds_a_member() {
    let requests = asks(
        |_| json(r#"{"id":"1","status":"subscribed"}"#),
        "const mailchimp = mailchimplib.mailchimp
        mailchimp.setConfig({ apiKey: 'key', server: 'us1' }); mailchimp.lists.apiClient.basePath = base + '/3.0'
        const member = await mailchimp.lists.addListMember('L1', { email_address: 'ada@example.com', status: 'subscribed' })
        return { status: member.status }",
        r#"{"status":"subscribed"}"#,
    );
    let request = only(&requests, "POST /3.0/lists/L1/members");
    assert_eq!(sent_json(&request)["email_address"], "ada@example.com");
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn hubspot_creates_a_contact() {
    let contact = r#"{"id":"51","properties":{"email":"ada@example.com"},"createdAt":"2024-01-01T00:00:00Z","updatedAt":"2024-01-01T00:00:00Z","archived":false}"#;
    let requests = asks(
        move |_| respond("201 Created", &[("content-type", "application/json")], contact.as_bytes()),
        "const client = new hubspotlib.hubspot.Client({ accessToken: 'pat-1', basePath: base })
        const contact = await client.crm.contacts.basicApi.create({ properties: { email: 'ada@example.com' } })
        return { id: contact.id, at: contact.createdAt }",
        r#"{"id":"51","at":"2024-01-01T00:00:00.000Z"}"#,
    );
    let request = only(&requests, "POST /crm/v3/objects/contacts");
    assert_eq!(request.header("authorization"), Some("Bearer pat-1"));
    assert_eq!(
        sent_json(&request)["properties"]["email"],
        "ada@example.com"
    );
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn jsforce_logs_in_queries_and_creates() {
    let requests = asks(
        |request| match &request.path {
            path if path.starts_with("/services/Soap/") => {
                let host = request.header("host").unwrap_or_default();
                xml(&format!(
                    "<Envelope><Body><loginResponse><result><serverUrl>http://{host}/services/Soap/u/42.0/O1</serverUrl><sessionId>S1</sessionId>\
                     <userId>U1</userId><userInfo><organizationId>O1</organizationId></userInfo></result></loginResponse></Body></Envelope>"
                ))
            }
            path if path.contains("/query") => json(r#"{"totalSize":1,"done":true,"records":[{"Id":"1","Name":"Acme"}]}"#),
            _ => respond("201 Created", &[("content-type", "application/json")], br#"{"id":"001","success":true,"errors":[]}"#),
        },
        "const connection = new jsforce.Connection({ loginUrl: base })
        const user = await connection.login('ada', 'secret')
        const { records } = await connection.query(\"SELECT Id, Name FROM Account WHERE Name = 'Acme'\")
        const created = await connection.sobject('Contact').create({ LastName: 'Lovelace' })
        return { user: user.id, name: records[0].Name, created: created.id }",
        r#"{"user":"U1","name":"Acme","created":"001"}"#,
    );
    let lines: Vec<_> = requests
        .iter()
        .map(|request| request.path.split('?').next().unwrap_or_default())
        .collect();
    assert_eq!(
        lines,
        [
            "/services/Soap/u/42.0",
            "/services/data/v42.0/query",
            "/services/data/v42.0/sobjects/Contact"
        ]
    );
    assert_eq!(requests[1].header("authorization"), Some("Bearer S1"));
    assert_eq!(sent_json(&requests[2])["LastName"], "Lovelace");
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn skyflow_tokenises() {
    let lines = asks_securely(
        r#"{"responses":[{"records":[{"skyflow_id":"s1","tokens":{"card":"tok-1"}}]}]}"#,
        "const token = 'eyJhbGciOiJub25lIn0.' + Buffer.from(JSON.stringify({ exp: 9999999999 })).toString('base64url') + '.'
        const client = skyflowlib.skyflow.Skyflow.init({ vaultID: 'v1', vaultURL: 'https://' + host, getBearerToken: async () => token })
        const { records } = await client.insert({ records: [{ table: 'cards', fields: { card: '4111' } }] }, { tokens: true })
        return records[0].fields",
        r#"{"skyflow_id":"s1","card":"tok-1"}"#,
    );
    assert_eq!(lines, ["POST /v1/vaults/v1"]);
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn what_a_service_refuses_or_never_answers_rejects() {
    let refused = asks(
        |_| respond("401 Unauthorized", &[("content-type", "application/json")], br#"{"errors":[{"message":"no key"}]}"#),
        "sendgrid.client.setApiKey('SG.1'); sendgrid.client.setDefaultRequest('baseUrl', base + '/'); sendgrid.mail.setClient(sendgrid.client)
        const error = await caught(sendgrid.mail.send({ to: 'a@example.com', from: 'b@example.com', subject: 'c', text: 'd' }))
        return { code: error.code, body: error.response.body.errors[0].message }",
        r#"{"code":401,"body":"no key"}"#,
    );
    assert_eq!(refused.len(), 1);
    comes_to(
        "const client = stripe('sk_test_1', { host: '10.0.0.1', protocol: 'http', maxNetworkRetries: 0 })
        return { type: (await caught(client.customers.list())).type }",
        r#"{"type":"StripeConnectionError"}"#,
    );
}
