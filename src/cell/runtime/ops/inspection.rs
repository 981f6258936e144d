//! Ops of `inspect`: what values hold that JavaScript can't see, or only by running a function's code.

use super::{Arguments, Return};

/// `proxyDetails(value)`: `[target, handler]` of a Proxy, without touching a trap.
pub fn proxy_details(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: Arguments<'_>,
    mut value: Return<'_>,
) {
    if let Ok(proxy) = v8::Local::<v8::Proxy>::try_from(arguments.get(0)) {
        let details = [proxy.get_target(scope), proxy.get_handler(scope)];
        value.set(v8::Array::new_with_elements(scope, &details).into());
    }
}

/// `promiseDetails(value)`: `[state, result]` of a Promise; 0 pending, 1 fulfilled, 2 rejected.
pub fn promise_details(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: Arguments<'_>,
    mut value: Return<'_>,
) {
    let Ok(promise) = v8::Local::<v8::Promise>::try_from(arguments.get(0)) else {
        return;
    };
    let (state, result) = match promise.state() {
        v8::PromiseState::Pending => (0, v8::undefined(scope).into()),
        v8::PromiseState::Fulfilled => (1, promise.result(scope)),
        v8::PromiseState::Rejected => (2, promise.result(scope)),
    };
    let details = [v8::Integer::new(scope, state).into(), result];
    value.set(v8::Array::new_with_elements(scope, &details).into());
}

/// `previewEntries(value)`: `[entries, isKeyValue]` of an iterator or a weak collection.
pub fn preview_entries(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: Arguments<'_>,
    mut value: Return<'_>,
) {
    let Ok(object) = v8::Local::<v8::Object>::try_from(arguments.get(0)) else {
        return;
    };
    if let (Some(entries), is_key_value) = object.preview_entries(scope) {
        let details = [entries.into(), v8::Boolean::new(scope, is_key_value).into()];
        value.set(v8::Array::new_with_elements(scope, &details).into());
    }
}

/// `nonIndexKeys(object, onlyEnumerable)`: own keys, strings and symbols, without the indices, of which
/// there may be too many to list.
pub fn non_index_keys(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: Arguments<'_>,
    mut value: Return<'_>,
) {
    let Ok(object) = v8::Local::<v8::Object>::try_from(arguments.get(0)) else {
        return;
    };
    let filter = match arguments.get(1).is_true() {
        true => v8::PropertyFilter::ONLY_ENUMERABLE,
        false => v8::PropertyFilter::ALL_PROPERTIES,
    };
    let wanted = v8::GetPropertyNamesArgsBuilder::new()
        .mode(v8::KeyCollectionMode::OwnOnly)
        .property_filter(filter)
        .index_filter(v8::IndexFilter::SkipIndices)
        .build();
    if let Some(keys) = object.get_property_names(scope, wanted) {
        value.set(keys.into());
    }
}
