//! What a value is by its internal slots, which no function can fake.

use super::{Arguments, Return};

type IsKind = fn(&v8::Value) -> bool;

/// A kind by the name that `util.types` has for it, without `is`; a value is of at most one of them.
const KINDS: [(&str, IsKind); 23] = [
    ("Proxy", v8::Value::is_proxy),
    ("NativeError", v8::Value::is_native_error),
    ("Date", v8::Value::is_date),
    ("RegExp", v8::Value::is_reg_exp),
    ("Map", v8::Value::is_map),
    ("Set", v8::Value::is_set),
    ("Promise", v8::Value::is_promise),
    ("ArrayBuffer", v8::Value::is_array_buffer),
    ("SharedArrayBuffer", v8::Value::is_shared_array_buffer),
    ("DataView", v8::Value::is_data_view),
    ("TypedArray", v8::Value::is_typed_array),
    ("WeakMap", v8::Value::is_weak_map),
    ("WeakSet", v8::Value::is_weak_set),
    ("StringObject", v8::Value::is_string_object),
    ("NumberObject", v8::Value::is_number_object),
    ("BooleanObject", v8::Value::is_boolean_object),
    ("BigIntObject", v8::Value::is_big_int_object),
    ("SymbolObject", v8::Value::is_symbol_object),
    ("GeneratorObject", v8::Value::is_generator_object),
    ("MapIterator", v8::Value::is_map_iterator),
    ("SetIterator", v8::Value::is_set_iterator),
    ("ArgumentsObject", v8::Value::is_arguments_object),
    (
        "ModuleNamespaceObject",
        v8::Value::is_module_namespace_object,
    ),
];

/// The numbers `kindOf` returns, by name.
pub fn numbers<'s>(scope: &mut v8::PinScope<'s, '_>) -> v8::Local<'s, v8::Object> {
    super::numbered(scope, KINDS.iter().map(|&(name, _)| name))
}

/// `kindOf(value)`: the number of its kind; `undefined` for one that is of none.
pub fn kind_of(_: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, mut value: Return<'_>) {
    let asked = arguments.get(0);
    let found = (0..).zip(KINDS).find(|(_, (_, is_kind))| is_kind(&asked));
    if let Some((number, _)) = found {
        value.set_uint32(number);
    }
}
