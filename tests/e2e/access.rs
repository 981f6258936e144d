//! What callers may do, by their roles and functions.

use penstock::api::{DescribeRequest, DescribeResponse, FunctionRef};
use tonic::{Code as StatusCode, Status};
use tonic_types::StatusExt;

use crate::check::{Call, fresh_id};
use crate::secured::{Secured, invoke, token_entry, with_token};
use crate::service::{Service, block_on, penstock};

const ECHO: &str = "function onTrack(e) { return e }";

fn secured() -> Secured {
    let entries = [
        token_entry("router", "router-token", "roles = [\"invoke\"]"),
        token_entry("console", "console-token", "roles = [\"describe\"]"),
        token_entry("operator", "operator-token", "roles = [\"admin\"]"),
        token_entry("idle", "idle-token", ""),
        token_entry(
            "former",
            "former-token",
            "roles = [\"admin\"]\nexpires = 2001-01-01",
        ),
        token_entry(
            "crm-console",
            "crm-console-token",
            "roles = [\"describe\"]\nfunctions = [\"crm-*\"]",
        ),
        token_entry(
            "crm",
            "crm-token",
            "roles = [\"invoke\"]\nfunctions = [\"crm-*\"]",
        ),
    ];
    Secured::new(&entries.concat())
}

/// The status of a call with an empty message: every message may be that.
fn status(service: &Service, token: Option<&str>, path: &'static str) -> StatusCode {
    block_on(async {
        let mut client = tonic::client::Grpc::new(service.channel());
        client.ready().await.expect("a connection");
        let codec = tonic_prost::ProstCodec::<DescribeRequest, DescribeResponse>::default();
        let request = with_token(DescribeRequest::default(), token);
        let answer = client
            .unary(request, path.parse().expect("a path"), codec)
            .await;
        answer.map_or_else(|status| status.code(), |_| StatusCode::Ok)
    })
}

#[test]
fn a_method_is_called_by_those_who_have_its_role() {
    let service = secured().start(&[]);
    const API: [&str; 4] = [
        "/penstock.executor.v1.ExecutorService/Invoke",
        "/penstock.executor.v1.ExecutorService/InvokeBatch",
        "/penstock.executor.v1.ExecutorService/Describe",
        "/penstock.executor.v1.ExecutorService/NoSuchMethod",
    ];
    const OPEN: [&str; 3] = [
        "/grpc.health.v1.Health/Check",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    ];
    // `+` let in, `-` without the role, `0` not known.
    for (token, expect) in [
        (Some("router-token"), "++--+++"),
        (Some("console-token"), "--+-+++"),
        (Some("operator-token"), "+++++++"),
        (Some("idle-token"), "----+--"),
        (Some("former-token"), "0000+00"),
        (Some("nobodys-token"), "0000+00"),
        (None, "0000+00"),
    ] {
        let paths = API.iter().chain(&OPEN);
        let found: String = paths
            .map(|path| match status(&service, token, path) {
                StatusCode::PermissionDenied => '-',
                StatusCode::Unauthenticated => '0',
                _ => '+',
            })
            .collect();
        assert_eq!(found, expect, "{token:?}");
    }
}

#[test]
fn a_function_is_run_by_those_who_may_use_it() {
    let service = secured().start(&[]);
    let run = |id: &str| invoke(service.channel(), Some("crm-token"), Call::of(ECHO).id(id));
    let mine = format!("crm-{}", fresh_id());
    run(&mine).expect("delivered");
    for other in [fresh_id(), "hello".to_owned()] {
        let status = run(&other).expect_err("not allowed");
        assert_eq!(status.code(), StatusCode::PermissionDenied, "{status}");
        let info = status.get_details_error_info().expect("details");
        assert_eq!(info.reason, "FUNCTION_NOT_ALLOWED");
        assert!(status.message().contains(&other), "{status}");
    }
    invoke(
        service.channel(),
        Some("router-token"),
        Call::stored("hello"),
    )
    .expect("delivered");
}

#[test]
fn a_function_is_described_by_those_who_may_know_it() {
    let service = secured().start(&[]);
    let describe = |token, function_id: &str| {
        let function = FunctionRef {
            function_id: function_id.to_owned(),
            version: "1".to_owned(),
            source: ECHO.to_owned(),
            ..FunctionRef::default()
        };
        let function = Some(function);
        let request = with_token(DescribeRequest { function }, Some(token));
        block_on(service.client().describe(request)).map(tonic::Response::into_inner)
    };
    let reason = |status: Status| {
        assert_eq!(status.code(), StatusCode::PermissionDenied, "{status}");
        status.get_details_error_info().expect("details").reason
    };
    let mine = format!("crm-{}", fresh_id());
    for token in ["console-token", "crm-console-token", "operator-token"] {
        let found = describe(token, &mine).expect("described");
        assert_eq!(found.handlers, ["onTrack"], "{token}");
    }
    let of_router = describe("router-token", &mine).expect_err("not its role");
    assert_eq!(reason(of_router), "ROLE_MISSING");
    for other in [fresh_id(), "hello".to_owned()] {
        let status = describe("crm-console-token", &other).expect_err("not its function");
        assert_eq!(reason(status), "FUNCTION_NOT_ALLOWED");
    }
}

#[test]
fn a_refusal_has_details_and_does_not_tell_why_nobody_is_known() {
    let service = secured().start(&[]);
    let refused = |token| invoke(service.channel(), token, Call::of(ECHO)).expect_err("refused");
    let [missing, unknown, expired] =
        [None, Some("nobodys-token"), Some("former-token")].map(refused);
    assert_eq!(missing.code(), StatusCode::Unauthenticated);
    for status in [unknown, expired] {
        assert_eq!(
            (status.message(), status.details()),
            (missing.message(), missing.details())
        );
    }
    let status = refused(Some("console-token"));
    assert_eq!(
        status.message(),
        "console lacks the role invoke, which this method needs"
    );
    let info = status.get_details_error_info().expect("details");
    assert_eq!(
        (info.reason.as_str(), info.metadata["needs"].as_str()),
        ("ROLE_MISSING", "the role invoke")
    );
}

#[test]
fn access_holds_on_loopback_without_tls_too() {
    let secured = secured();
    let service = Service::start(&["--access", &secured.path("access.toml")]);
    let refused = invoke(service.channel(), None, Call::of(ECHO)).expect_err("refused");
    assert_eq!(refused.code(), StatusCode::Unauthenticated);
    invoke(service.channel(), Some("router-token"), Call::of(ECHO)).expect("delivered");
}

#[test]
fn a_token_made_on_the_command_line_works_with_its_entry() {
    let made = penstock()
        .args([
            "token",
            "router",
            "--function",
            "crm-*",
            "--expires",
            "2999-01-01",
        ])
        .output()
        .expect("it runs");
    assert!(made.status.success());
    let (entry, token) = (
        String::from_utf8(made.stdout).unwrap(),
        String::from_utf8(made.stderr).unwrap(),
    );
    let token = token.trim();
    assert!(!entry.contains(token), "the entry has no token in it");
    let service = Secured::new(&entry).start(&[]);
    let run = |id: &str| invoke(service.channel(), Some(token), Call::of(ECHO).id(id));
    run("crm-1").expect("delivered");
    assert_eq!(
        run("other").expect_err("not allowed").code(),
        StatusCode::PermissionDenied
    );
}

#[test]
fn no_token_is_made_whose_entry_no_file_could_have() {
    for arguments in [
        &["a\"b"][..],
        &["router", "--role", "root"],
        &["router", "--function", "a/b"],
        &["router", "--expires", "soon"],
        &["router", "--expires", "2030-01-01T00:00:00+01:00"],
    ] {
        let run = penstock()
            .arg("token")
            .args(arguments)
            .output()
            .expect("it runs");
        assert_eq!(run.status.code(), Some(2), "{arguments:?}: {run:?}");
        assert!(run.stdout.is_empty(), "{run:?}");
    }
}
