//! All attacks, by family.

mod allocation;
mod encoding;
mod flooding;
mod native;
mod reach;
mod recursion;
mod requests;
mod spinning;
mod thrown;

use crate::attack::Attack;

const FAMILIES: [&[Attack]; 9] = [
    allocation::ATTACKS,
    spinning::ATTACKS,
    native::ATTACKS,
    recursion::ATTACKS,
    encoding::ATTACKS,
    thrown::ATTACKS,
    reach::ATTACKS,
    flooding::ATTACKS,
    requests::ATTACKS,
];

pub fn attacks() -> impl Iterator<Item = &'static Attack> {
    FAMILIES.into_iter().flatten()
}
