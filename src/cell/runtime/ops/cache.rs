//! `cache`: values of the function instance, kept as bytes outside of its isolates.

use std::time::Duration;

use bytes::Bytes;

use super::{Arguments, Return, host, number, text, throw_range_error};
use crate::cell::{
    cache::{Found, News, Ticket},
    runtime::serialization::{deserialize, serialize},
};

/// What a look comes to, and what a waiter is told, as numbered for JavaScript.
const VALUE: i32 = 0;
const LOAD: i32 = 1;
const WAIT: i32 = 2;
const FAILED: i32 = 3;

/// `cacheLook(key)`: `[0]` with the value to be had by `cacheRead`, `[1, ticket]` when the caller is to load
/// it, `[2, number]` when it is to wait under that number. Throws a `RangeError` at the bound of loads.
pub fn look<'s>(scope: &mut v8::PinScope<'s, '_>, arguments: Arguments<'s>, mut value: Return<'_>) {
    let key = text(scope, arguments.get(0));
    let Some(host) = host(scope) else {
        return;
    };
    let (kind, detail) = match host.caching.look(&key) {
        Ok((Found::Value(contents), _)) => {
            host.caching.contents = contents;
            (VALUE, 0)
        }
        Ok((Found::Load(Ticket(ticket)), _)) => (LOAD, ticket),
        Ok((Found::Wait, waiter)) => (WAIT, waiter),
        Err(refused) => {
            throw_range_error(scope, &refused.to_string());
            return;
        }
    };
    let parts = [
        v8::Integer::new(scope, kind).into(),
        v8::Number::new(scope, detail as f64).into(),
    ];
    value.set(v8::Array::new_with_elements(scope, &parts).into());
}

/// `cacheRead()`: the value, or the description of an error, that was just looked up or told of. Throws when
/// there is no memory for it.
pub fn read<'s>(scope: &mut v8::PinScope<'s, '_>, _: Arguments<'s>, mut value: Return<'_>) {
    let Some(contents) = host(scope).map(|host| std::mem::take(&mut host.caching.contents)) else {
        return;
    };
    if let Some(read) = deserialize(scope, &contents) {
        value.set(read);
    }
}

/// `cacheStore(ticket, copy, ttl)`: ends a load; `ttl` in milliseconds, negative for none. Throws what V8
/// says of a copy that it can't write.
pub fn store<'s>(scope: &mut v8::PinScope<'s, '_>, arguments: Arguments<'s>, _: Return<'_>) {
    let ticket = Ticket(number(arguments.get(0)) as u64);
    let Some(contents) = serialize(scope, arguments.get(1)) else {
        return;
    };
    // What no clock can hold is for ever, and so is what is negative.
    let ttl = Duration::try_from_secs_f64(number(arguments.get(2)) / 1000.0).ok();
    if let Some(host) = host(scope) {
        host.caching.store(ticket, Bytes::from(contents), ttl);
    }
}

/// `cacheFail(ticket, description)`: ends a load with an error for those who wait.
pub fn fail<'s>(scope: &mut v8::PinScope<'s, '_>, arguments: Arguments<'s>, _: Return<'_>) {
    let ticket = Ticket(number(arguments.get(0)) as u64);
    let Some(error) = serialize(scope, arguments.get(1)) else {
        return;
    };
    if let Some(host) = host(scope) {
        host.caching.fail(ticket, Bytes::from(error));
    }
}

/// `cacheAbandon(ticket)`: ends a load with nothing: whoever waits loads anew.
pub fn abandon(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: Return<'_>) {
    let ticket = Ticket(number(arguments.get(0)) as u64);
    if let Some(host) = host(scope) {
        host.caching.abandon(ticket);
    }
}

/// `cacheDelete(key)`.
pub fn delete(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: Return<'_>) {
    let key = text(scope, arguments.get(0));
    if let Some(host) = host(scope) {
        host.caching.delete(&key);
    }
}

/// `cacheValueBytes()`: the most bytes a value may have to be kept.
pub fn value_bytes(scope: &mut v8::PinScope<'_, '_>, _: Arguments<'_>, mut value: Return<'_>) {
    if let Some(host) = host(scope) {
        value.set_double(host.caching.value_bytes() as f64);
    }
}

/// What `cacheNews` takes of what a waiter is told.
pub fn news_arguments<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    id: u64,
    news: News,
) -> Vec<v8::Local<'s, v8::Value>> {
    let (kind, detail, contents) = match news {
        News::Value(contents) => (VALUE, 0, contents),
        News::Failed(error) => (FAILED, 0, error),
        News::Load(Ticket(ticket)) => (LOAD, ticket, Bytes::new()),
    };
    if let Some(host) = host(scope) {
        host.caching.contents = contents;
    }
    vec![
        v8::Number::new(scope, id as f64).into(),
        v8::Integer::new(scope, kind).into(),
        v8::Number::new(scope, detail as f64).into(),
    ]
}
