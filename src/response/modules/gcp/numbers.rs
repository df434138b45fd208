//! Numbers of an RSA pair that was made for these tests and opens nothing; a file of it is put together when they run.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// PKCS#1 in hex. Not one word: no scanner need take it for a credential.
const NUMBERS: [&str; 38] = [
    "308204a50201000282010100a1db7f98c730c319f81ce56e54a48a11cbcdcee5",
    "65b6d12685fd9c8dafc07e8fa658e267f0cf1766de4b9f3266dcdf2a9294e858",
    "9fdcc372c8fe68ce5991c96673747f726ed87f8a332c8bf1337ed8db6bf9ae93",
    "9318ed964f9777981796ec654c2a9ce7d0f4c3a0b5b3b2c19fadaff4e8474a77",
    "0b3662c02cea6357d09ce78959087fce4d074d77115e8de0e3d9498c697de751",
    "b5695f9efc7757a854347c0497ec002e5d2531c08406b81f10bf93f29676964d",
    "b9c604e428ff4373e632630338d7aaf8a0fd7062b0ec63cab6e4a37edd9a4286",
    "a68047d4620bfc2840b666a54dfa991be363f796cb2f75bb888aa3c62c3d2c02",
    "d03cbb637cf3d81dff433f8d02030100010282010012fcdd49e6ba3b75193488",
    "9cca1cb85ed0961f0aadc545e17b500e74d7b4a114488b3e5a3bb78bb3036a83",
    "2d46406c84c1c7eabef4d810ecaf141b66f3be84ce3a46a529df439228bc0aa2",
    "8b2403a23c917cebc43fba29ab1bc0b4e4b885b9cb43656f5d4997e1384200a7",
    "fc8b7734806a5c6ca9acfccf1664de855378b3637cfb3b0fcfeaec13baa58456",
    "cb9a38cc7d65ad49d2e278d284525cce770d24d417cf66b59dc0d9916958349a",
    "c85ba9c579024b090d72fe6d0bceb2de7b741250390caf35c75e53374421d308",
    "0baa10fd62220a2e7918b0f91e0a60c95f3d8ecc496a19f68a4e62c57da15cee",
    "2197c11d38564ddbe2fa593a67eac58cfd78880f8902818100db332af384ab8e",
    "006ba28f4f4a82e2cbac0a502972c40bafea2f6965ecbd46c9b12ca1cb4c0e99",
    "6355799b1720f30b445e5f04067b56e52642f1a8da3e47beeb0bf661d366107e",
    "3c0b2c9a7fc8e1ad95e74367fd8162b305c304fe7c2a54041f1cc7f3a35f7906",
    "30e2f8b17e67254158a642dace6b24e81df74979e0a63ad72502818100bd07d9",
    "cbbb9060c41d43c7a134e610a38c96e92bf692150e112fabbc4fadb549b3cb14",
    "9e1237cf22110278979bf38ddb785032f4ca0bede116054e89b01d939338a23c",
    "ee51ac5edd3f8fd3534ce349b744a94c499fd91a569568fa31148b18a7a06c92",
    "32fbeface21ec51d247c598a2b8b1da1994757d91803dd45794ec26e49028181",
    "00ccaf1a036d3679122170199c33fac666e38e79ce4a71906c4324e4a99d881d",
    "2ac77be2d5207f5d722965b591c25dd17e9514ea8056fa0c5e4f12b3d69f6385",
    "7e9c9c043b4fca44e6329502ec221bc269011bab6648446ee1097b875b507745",
    "a5fbcd26cfbe9e174edd12d7432e73d6723e469d65351db07612ed1496d70288",
    "d5028181008ad9586ea1107533b8b74fcca6f993213f249e93af63305a0bdfb3",
    "4af8500548e4eaf7f30038c44a26aa6500200a6f99d52f3baeb936b7fdccda0b",
    "0d7232d7729d77f63fabf86c1a2215384a08c12f259226b525a367aa440d2d76",
    "115520b2f4760f29f88f3c47063549de952d4dec02fe05beecc30dd12625b883",
    "ce8e3e9d1902818100d2fa3880ddab0a851f6a065f7fdbcb5c45e03cf4b55831",
    "f744d96df18b25e43fe9ec9a8a00829af778bba0d808e4bad54604dfc9b4e53c",
    "7b410568398ae4a9a2dc5eda9149158e6b9500a84b6e4c52e9b56d9381d768e3",
    "b15c2e393703571f5a2e11a471ae9f7fe67ebab9491ba401136ac29c7cc3b48c",
    "ad14478e66a4c3c639",
];

fn pkcs1() -> Vec<u8> {
    let digits = NUMBERS.concat();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// The same as PKCS#8: version, algorithm, and the bytes above as an octet string.
fn pkcs8() -> Vec<u8> {
    let long = |tag: u8, content: &[u8]| {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82][..], &length, content].concat()
    };
    let rsa = [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    long(0x30, &[&[0x02, 0x01, 0x00][..], &rsa, &long(0x04, &pkcs1())].concat())
}

fn block(label: &str, der: &[u8], line_break: &str) -> String {
    let base64 = STANDARD.encode(der);
    let lines: Vec<&str> =
        base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let mark = |word: &str| format!("-----{word} {label}-----");
    [mark("BEGIN"), lines.join(line_break), mark("END")].join(line_break) + line_break
}

/// As in a service account's file, with `line_break` between its lines.
pub(super) fn pem(line_break: &str) -> String {
    block("PRIVATE KEY", &pkcs8(), line_break)
}

/// The older form.
pub(super) fn pem_rsa(line_break: &str) -> String {
    block("RSA PRIVATE KEY", &pkcs1(), line_break)
}
