//! What Edge's service wants to be shown instead of a key: a token that is the same for everybody for five minutes.
//!
//! It says that whoever asks knows the browser's rules and the time; there is nothing secret in it.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

/// The name that the browser itself goes by.
const CLIENT: &str = "6A5AA1D4EAFF4E9FB37E23D68491D6F4";
/// The second version of the token, and of a browser that sends it.
const VERSION: &str = "2-155.0.4283.45";
/// Stands before everything that is hashed since the second version: a part of the protocol, not a notice about this file. The
/// first version hashed time and name alone, and is turned away with 403. Public clients such as edge-tts 7.3 have the same
/// bytes, there as the state of a hash that has taken them in already.
const PREFIX: &str = "Copyright (C) Microsoft Corporation. All rights reserved.";
/// From the year 1601, in which Windows' clock begins, to 1970, in seconds.
const SINCE_1601: i64 = 11_644_473_600;
/// A token is good for so many seconds.
const PERIOD: i64 = 300;
/// Windows counts tenths of microseconds.
const TICKS: i64 = 10_000_000;

/// The token at a time: a checksum and a hash of the time and the browser's name, in hexadecimal.
pub(super) fn token(now: DateTime<Utc>) -> String {
    let seconds = now.timestamp() + SINCE_1601;
    of(&format!("{PREFIX}{}{CLIENT}", (seconds - seconds.rem_euclid(PERIOD)) * TICKS))
}

/// What belongs into every address; `client` is how this one spells the client's name.
pub(super) fn query<'a>(token: &'a str, client: &'a str) -> [(&'a str, &'a str); 3] {
    [(client, CLIENT), ("Sec-MS-GEC", token), ("Sec-MS-GEC-Version", VERSION)]
}

fn of(text: &str) -> String {
    let hash = Sha256::digest(text);
    let [low, high] = checksum(text.as_bytes(), &hash);
    let checksum = low.to_le_bytes().into_iter().chain(high.to_le_bytes());
    let digits = |bytes: &mut dyn Iterator<Item = u8>| bytes.map(|byte| format!("{byte:02X}")).collect::<String>();
    format!("{}-{}", digits(&mut checksum.into_iter()), digits(&mut hash.iter().copied()))
}

/// Windows' own checksum of two times 32 bits, keyed by the hash of the same text. It consists of two chains over pairs of
/// words: one remembers all that came before, the other mixes each word by itself.
fn checksum(text: &[u8], hash: &[u8]) -> [u32; 2] {
    let word = |bytes: &[u8]| bytes.iter().rev().fold(0u32, |word, byte| word << 8 | u32::from(*byte));
    let keys = [word(&hash[..4]) | 1, word(&hash[4..8]) | 1];
    let mut words: Vec<u32> = text.chunks(4).map(word).collect();
    words.resize(words.len().next_multiple_of(2), 0);
    let (mut chain, mut chain_sum, mut last, mut sum) = (0u32, 0u32, 0u32, 0u32);
    for pair in words.chunks_exact(2) {
        let keyed = [pair[0].wrapping_mul(keys[0]), pair[1].wrapping_mul(keys[1])];
        chain = mixed(chain.wrapping_mul(keys[0]).wrapping_add(keyed[0]), [0xcf98_b111, 0x8708_5b9f, 0x12ce_b96d, 0x257e_1d83]);
        chain_sum = chain_sum.wrapping_add(chain);
        chain = mixed(chain.wrapping_mul(keys[1]).wrapping_add(keyed[1]), [0xa274_16f5, 0xd383_96ff, 0x7c93_2b89, 0xbfa4_9f69]);
        chain_sum = chain_sum.wrapping_add(chain);
        let own = |place: usize, own: u32, first: u32, second: u32| {
            let start = turned(pair[place]).wrapping_mul(own).wrapping_add(keyed[place]);
            let value = turned(start).wrapping_mul(first);
            turned(value).wrapping_mul(second).wrapping_add(value)
        };
        let first = own(0, 0xef05_69fb, 0x76f5_0f34, 0xc3ef_ea97);
        last = own(1, 0xc317_13db, 0x1881_ce3c, 0x35bd_1ec9);
        sum = sum.wrapping_add(first).wrapping_add(last);
    }
    [last ^ chain, sum ^ chain_sum]
}

/// The halves of a word change places.
fn turned(word: u32) -> u32 {
    word.rotate_left(16)
}

fn mixed(word: u32, factors: [u32; 4]) -> u32 {
    factors.into_iter().fold(word, |word, factor| turned(word).wrapping_mul(factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> String {
        token(DateTime::from_timestamp(seconds, 0).expect("a time"))
    }

    #[test]
    fn tokens_are_those_that_the_service_takes() {
        // These were made with edge-tts 7.3.
        let check = |seconds, expected: &str| assert_eq!(at(seconds), expected);
        check(0, "52BC7A17B50DFEC9-28C4394775C8751CD2F6859C030C06DB1489ACAB3B3A7651831FC26895177ED6");
        check(1_795_602_000, "5FD51B653BB853BC-8E17A7818337BC7F6C1DC5A634AFE28B66FE2952D4DC339B77C6113A1E6C20EA");
        check(1_900_000_123, "35CB2860F259268E-7C6AC7AAFAF9ECFDEF5C38802D91759C088D45E6E8BDBC2EC1C78C22D51F1DF6");
    }

    #[test]
    fn a_token_is_good_for_five_minutes() {
        assert_eq!(at(1_795_602_000), at(1_795_602_299));
        assert_ne!(at(1_795_602_000), at(1_795_602_300));
    }
}
