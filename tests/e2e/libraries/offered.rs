//! How libraries are offered: run at the first touch, for one isolate, under its limits.

use super::{SERVICE, comes_to, handler, run};
use crate::check::{Call, Code, TRACK};

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn a_global_is_what_require_finds_and_may_be_replaced() {
    comes_to(
        "const first = _
        moment = moment.default; uuidv5 = uuidv5.uuidv5
        const winston = winstonlib.winston
        _ = 'mine'
        return { same: require('lodash') === first, mine: _, moment: moment === require('moment'), timezone: require('moment-timezone') === moment,
          uuid: typeof uuidv5, winston: winston === winstonlib, sendgrid: require('@sendgrid/mail') === sendgrid.mail,
          google: require('@google-cloud/storage') === google.cloud.storage, listed: Object.keys(globalThis).includes('_') }",
        r#"{"same":true,"mine":"mine","moment":true,"timezone":true,"uuid":"function","winston":true,"sendgrid":true,"google":true,"listed":false}"#,
    );
    comes_to(
        "const error = await caught((async () => require('left-pad'))())
        return { code: error.code, listed: error.message.includes('zlib, and the libraries aws-sdk, oauth, lodash, ') }",
        r#"{"code":"MODULE_NOT_FOUND","listed":true}"#,
    );
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn modules_import_them() {
    let source = "import _, { chunk } from 'lodash'
        import moment from 'moment'
        import * as xml2js from 'xml2js'
        import { Storage } from '@google-cloud/storage'
        export const onTrack = async () => ({ same: _.chunk === chunk, chunks: chunk([1, 2, 3], 2), global: moment === globalThis.moment,
          read: await xml2js.parseStringPromise('<a>1</a>'), class: Storage.name })";
    Call::of(source).run_on(&SERVICE).delivers(
        r#"{"same":true,"chunks":[[1,2],[3]],"global":true,"read":{"a":"1"},"class":"Storage"}"#,
    );
    let typed = "import _ from 'lodash'\nexport function onTrack(e: object): object { return { last: _.last([1, 2]) as number } }";
    let call = Call::of(typed).in_typescript();
    call.run_on(&SERVICE).delivers(r#"{"last":2}"#);
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn nothing_of_them_is_run_before_it_is_touched() {
    comes_to(
        "const used = () => process.memoryUsage().heapUsed / 1024, before = used()
        const describe = name => typeof Object.getOwnPropertyDescriptor(globalThis, name).get
        const untouched = ['AWS', '_', 'moment'].map(describe), after = used()
        _.identity(1)
        return { untouched, now: ['AWS', '_', 'moment'].map(describe), grew: after - before > 200 }",
        r#"{"untouched":["function","function","function"],"now":["function","undefined","function"],"grew":false}"#,
    );
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn a_library_is_the_isolates_own() {
    let id = crate::check::fresh_id();
    let source = "function onTrack(e) {
          if (e.spoil) { _.map = () => 'spoilt'; Array.prototype.push = () => { throw new Error('poisoned') }; Object.keys = null }
          return { mapped: _.map([1, 2], n => n * 2), chunks: _.chunk([1, 2, 3], 2) } }";
    let call = |instance: &str, event: &str| {
        let call = Call::of(source).id(&id).instance(instance).event(event);
        call.run_on(&SERVICE).delivered()
    };
    let sound = call("b", TRACK);
    let spoilt = call("a", r#"{"type":"track","spoil":true}"#);
    assert!(spoilt.contains("spoilt"), "{spoilt}");
    assert!(call("a", TRACK).contains("spoilt"));
    assert_eq!(call("b", TRACK), sound);
    assert_eq!(call("c", TRACK), sound);
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn a_function_that_broke_the_language_breaks_a_library_for_itself_alone() {
    let source = handler(
        "if (!event.spoil) return { ok: _.VERSION.length > 0 }
        Object.defineProperty(globalThis, 'Object', { get() { throw new Error('spoilt') } })
        let error = await caught((async () => _)())
        return { told: error.message, again: (await caught((async () => _)())).message }",
    );
    let spoil = Call::of(&source).event(r#"{"type":"track","spoil":true}"#);
    spoil
        .run_on(&SERVICE)
        .delivers(r#"{"told":"spoilt","again":"spoilt"}"#);
    Call::of(&source)
        .run_on(&SERVICE)
        .delivers(r#"{"ok":true}"#);
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn what_a_library_throws_is_told_with_its_name_and_the_functions_place() {
    let reply = Call::of("function onTrack() {\n  return jsonwebtoken.verify('x', 'y')\n}")
        .run_on(&SERVICE);
    let error = reply.failed(Code::BadRequest, "jwt malformed");
    assert_eq!(error.name, "JsonWebTokenError");
    assert!(error.stack.contains("library:jsonwebtoken:"), "{error:#?}");
    assert!(error.stack.contains("index.js:2:"), "{error:#?}");
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn a_library_works_on_the_functions_time_and_memory() {
    let slow = Call::of("function onTrack() { _.forEach({ length: 1e12 }, () => {}) }");
    let slow = slow.limits(|limits| {
        limits.cpu_time = Some(prost_types::Duration {
            seconds: 0,
            nanos: 300_000_000,
        });
    });
    slow.run_on(&SERVICE)
        .failed(Code::CpuLimitExceeded, "--cpu-time-ms");
    Call::of("function onTrack() { const all = []; for (;;) all.push(_.range(100000)) }")
        .run_on(&SERVICE)
        .failed(Code::MemoryLimitExceeded, "--heap-bytes");
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn modules_of_programs_are_not_there_and_say_so() {
    comes_to(
        "const s3 = new AWS.S3({ region: 'x', accessKeyId: 'a', secretAccessKey: 'b' })
        const storage = new google.cloud.storage.Storage({ projectId: 'p' })
        const upload = await caught(storage.bucket('b').upload('/etc/passwd', { resumable: false }))
        const pubsub = await caught((async () => google.cloud.pubsub)())
        return { upload: upload.message, pubsub: pubsub.message, fs: (await caught((async () => require('fs'))())).code }",
        r#"{"upload":"fs.createReadStream is not available to functions",
            "pubsub":"google.cloud.pubsub can't run here: it speaks gRPC, and functions have fetch and https; call its REST API",
            "fs":"MODULE_NOT_FOUND"}"#,
    );
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn batches_share_what_was_touched() {
    let reply = run("return { seen: typeof _.VERSION, logs: (winstonlib.info('a'), 1) }");
    assert_eq!(reply.logs(), ["info: a"]);
}
