//! Libraries that work on data, and on the function's own requests and logs.

use super::{asks, body, comes_to, json, only, run};
use crate::origin::respond;

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn lodash_chains_merges_and_templates() {
    comes_to(
        "const orders = [{ user: 'b', n: 3 }, { user: 'a', n: 1 }, { user: 'b', n: 5 }]
        return { sums: _.chain(orders).groupBy('user').mapValues(of => _.sumBy(of, 'n')).toPairs().sortBy(0).value(),
          at: _.get({ a: [{ b: 1 }] }, 'a[0].b'), none: _.get({}, 'a.b', 'default'), merged: _.merge({ a: { x: 1 } }, { a: { y: 2 } }),
          camel: _.camelCase('Order Completed'), text: _.template('Hi <%= name %>')({ name: 'Ada' }), equal: _.isEqual(new Map([[1, { a: [2] }]]), new Map([[1, { a: [2] }]])),
          deep: _.cloneDeep({ at: new Date(0), list: [1] }), omitted: _.omit({ a: 1, b: 2 }, ['a']), unique: _.uniqBy(orders, 'user').length }",
        r#"{"sums":[["a",1],["b",8]],"at":1,"none":"default","merged":{"a":{"x":1,"y":2}},"camel":"orderCompleted","text":"Hi Ada","equal":true,
            "deep":{"at":"1970-01-01T00:00:00.000Z","list":[1]},"omitted":{"b":2},"unique":2}"#,
    );
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn moment_knows_when_clocks_change_and_how_months_are_called() {
    comes_to(
        "const eastern = text => moment.tz(text, 'America/New_York').format()
        return { gap: eastern('2024-03-10 02:30'), before: eastern('2024-11-03T05:59:00Z'), after: eastern('2024-11-03T06:00:00Z'),
          day: moment.tz('2024-03-30T12:00', 'Europe/Berlin').add(1, 'day').format(), hours: moment.tz('2024-03-30T12:00', 'Europe/Berlin').add(24, 'hours').format(),
          kiritimati: moment.utc('2024-01-01T00:00Z').tz('Pacific/Kiritimati').format('YYYY-MM-DD HH:mm Z'), month: moment('2024-12-01').locale('fr').format('MMMM'),
          strict: moment('2024-02-30', 'YYYY-MM-DD', true).isValid(), span: moment.duration(90, 'minutes').humanize(), unix: moment.utc(0).format(), local: moment('2024-01-01').utcOffset() }",
        r#"{"gap":"2024-03-10T03:30:00-04:00","before":"2024-11-03T01:59:00-04:00","after":"2024-11-03T01:00:00-05:00",
            "day":"2024-03-31T12:00:00+02:00","hours":"2024-03-31T13:00:00+02:00","kiritimati":"2024-01-01 14:00 +14:00","month":"décembre",
            "strict":false,"span":"2 hours","unix":"1970-01-01T00:00:00Z","local":0}"#,
    );
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn xml_is_written_and_xml2js_reads_it_back() {
    comes_to(
        "const text = xml({ order: [{ _attr: { id: 7 } }, { item: 'a & b' }, { item: { _cdata: '<c>' } }] }, { declaration: true })
        const read = await xml2js.parseStringPromise(text)
        const back = await new Promise((resolve, reject) => xml2js.parseString(new xml2js.Builder().buildObject(read), (error, value) => error ? reject(error) : resolve(value)))
        const error = await caught(xml2js.parseStringPromise('<a><b></a>'))
        return { text, read, same: _.isEqual(read, back), error: error.message.split('\\n')[0], flat: await xml2js.parseStringPromise('<a><b>1</b></a>', { explicitArray: false }) }",
        r#"{"text":"<?xml version=\"1.0\" encoding=\"UTF-8\"?><order id=\"7\"><item>a &amp; b</item><item><![CDATA[<c>]]></item></order>",
            "read":{"order":{"$":{"id":"7"},"item":["a & b","<c>"]}},"same":true,"error":"Unexpected close tag","flat":{"a":{"b":"1"}}}"#,
    );
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn libphonenumber_parses_and_formats() {
    comes_to(
        "const { parsePhoneNumber, isValidPhoneNumber, AsYouType } = libphonenumberjslib.libphonenumberjs
        const number = parsePhoneNumber('8 (800) 555-35-35', 'RU')
        return { e164: number.number, country: number.country, international: number.formatInternational(), uri: number.getURI(),
          valid: [isValidPhoneNumber('+12133734253'), isValidPhoneNumber('123', 'US')], typed: new AsYouType('US').input('2133734253'),
          error: (await caught((async () => parsePhoneNumber('no number', 'US'))())).message }",
        r#"{"e164":"+78005553535","country":"RU","international":"+7 800 555 35 35","uri":"tel:+78005553535","valid":[true,false],
            "typed":"(213) 373-4253","error":"NOT_A_NUMBER"}"#,
    );
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn form_data_posts_a_file() {
    let requests = asks(
        |_| json(r#"{"ok":true}"#),
        "const form = new FormData()
        form.append('name', 'Ada'); form.append('file', Buffer.from('a,b\\n1,2'), { filename: 'data.csv', contentType: 'text/csv' })
        const response = await fetch(base + '/upload', { method: 'POST', body: form, headers: form.getHeaders() })
        return await response.json()",
        r#"{"ok":true}"#,
    );
    let request = only(&requests, "POST /upload");
    let kind = request.header("content-type").unwrap_or_default();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=");
    let boundary = boundary.expect("a boundary");
    let sent = body(&request);
    let parts: Vec<_> = sent.split(&format!("--{boundary}")).collect();
    assert_eq!(parts.len(), 4, "{sent}");
    assert!(parts[1].contains("name=\"name\"\r\n\r\nAda"), "{sent}");
    assert!(
        parts[2].contains("filename=\"data.csv\"\r\nContent-Type: text/csv\r\n\r\na,b\n1,2"),
        "{sent}"
    );
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn fetch_retry_asks_again_until_it_is_answered() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let asked = AtomicUsize::new(0);
    let requests = asks(
        move |_| match asked.fetch_add(1, Ordering::SeqCst) {
            0 | 1 => respond("503 Service Unavailable", &[], b""),
            _ => json(r#"{"ok":true}"#),
        },
        "const retrying = fetchretrylib.fetchretry(fetch)
        const response = await retrying(base + '/flaky', { retries: 3, retryDelay: 1, retryOn: [503] })
        return await response.json()",
        r#"{"ok":true}"#,
    );
    assert_eq!(requests.len(), 3);
    let requests = asks(
        |_| respond("503 Service Unavailable", &[], b""),
        "const response = await fetchretrylib(fetch, { retries: 2, retryDelay: 1, retryOn: [503] })(base)
        return { status: response.status }",
        r#"{"status":503}"#,
    );
    assert_eq!(requests.len(), 3);
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn winston_logs_where_console_does() {
    let reply = run(
        "const winston = winstonlib.winston
        const logger = new winston.Logger({ level: 'verbose', transports: [new winston.transports.Console()] })
        logger.info('hello', { user: 1 }); logger.error('bad'); logger.verbose('%s of %d', 'one', 2); logger.silly('never')
        return {}",
    );
    reply.delivers("{}");
    assert_eq!(
        reply.logs(),
        ["info: hello user=1", "error: bad", "verbose: one of 2"]
    );
}
