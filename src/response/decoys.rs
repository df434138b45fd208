//! AWS accounts whose keys are decoys.

/// Accounts whose keys are decoys: whoever calls anything with one, rings a bell. Published by several scanners, which do
/// not call either.
const ACCOUNTS: [&str; 29] = [
    "044858866125",
    "052310077262",
    "171436882533",
    "251535659677",
    "266735846894",
    "344043088457",
    "351906852752",
    "390477818340",
    "426127672474",
    "427150556519",
    "439872796651",
    "445142720921",
    "465867158099",
    "528757803018",
    "534261010715",
    "538784191382",
    "595918472158",
    "637958123769",
    "693412236332",
    "717712589309",
    "729780141977",
    "730335385048",
    "732624840810",
    "735421457923",
    "819147034852",
    "893192397702",
    "959235150393",
    "982842642351",
    "992382622183",
];

/// Whether whoever calls anything with a key of this account rings a bell.
pub(super) fn is_one(account: &str) -> bool {
    ACCOUNTS.contains(&account)
}
