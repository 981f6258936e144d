//! Ops of randomness and of comparisons that tell nothing by their time.

use ctutils::CtEq;

use super::{Arguments, Return};
use crate::cell::runtime::bytes::{with_bytes, with_bytes_mut};

/// `randomFill(bytes)`: random bytes, of the kernel; `false` when it has none to give.
pub fn fill(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, mut value: Return<'_>) {
    let filled = with_bytes_mut(scope, arguments.get(0), |_, bytes| getrandom::fill(bytes));
    value.set_bool(filled.is_ok());
}

/// `timingSafeEqual(left, right)`: whether they are the same, in a time that depends on their length only.
pub fn timing_safe_equal(
    _: &mut v8::PinScope<'_, '_>,
    arguments: Arguments<'_>,
    mut value: Return<'_>,
) {
    let equal = with_bytes(arguments.get(0), |left| {
        with_bytes(arguments.get(1), |right| left.ct_eq(right).to_bool())
    });
    value.set_bool(equal);
}
