//! The settings that are compared.
//!
//! All have the renderer's closed GOPs of two seconds and one thread; `encoder` adds those.

/// One way to run x264.
pub struct Setting {
    pub name: String,
    pub preset: &'static str,
    pub crf: u32,
    /// More x264 parameters, each behind a colon.
    pub parameters: String,
    /// Whether it is on the curve that the others are compared with.
    pub reference: bool,
    /// Whether it is measured when nothing else is said.
    pub usual: bool,
}

/// What the standard quality adds to superfast: bits go to what later frames are made of, as far as a short lookahead shows it,
/// and there are always three B-frames, because a slow camera never gives a reason for fewer.
const STANDARD: &str = ":mbtree=1:rc-lookahead=5:b-adapt=0";
/// What all are compared with, at four qualities: the same with ten frames of look-ahead.
const REFERENCE: &str = ":mbtree=1:rc-lookahead=10:b-adapt=0";

/// In the order of the tables.
pub fn all() -> Vec<Setting> {
    let setting = |preset, crf, parameters: &str| Setting {
        name: format!("{preset} {crf} {}", parameters.trim_start_matches(':').replace(':', " ")).trim_end().to_owned(),
        preset,
        crf,
        parameters: parameters.to_owned(),
        reference: false,
        usual: true,
    };
    let standard = |more: &str| setting("superfast", 20, &format!("{STANDARD}{more}"));
    let mut all: Vec<Setting> =
        [20, 21, 22, 23].map(|crf| Setting { reference: true, ..setting("superfast", crf, REFERENCE) }).into();
    all.push(setting("superfast", 21, ":mbtree=1:rc-lookahead=10"));
    all.extend([20, 21].map(|crf| setting("superfast", crf, STANDARD)));
    all.push(setting("superfast", 21, ":mbtree=1:rc-lookahead=20:b-adapt=0"));
    all.push(setting("superfast", 21, ""));
    all.extend([":bframes=0", ":bframes=5", ":subme=2", ":scenecut=0"].map(standard));
    all.extend(OTHERS.map(|more| Setting { usual: false, ..standard(more) }));
    all.push(setting("ultrafast", 27, ""));
    all.push(Setting { usual: false, ..setting("ultrafast", 21, "") });
    all.push(Setting { usual: false, ..setting("ultrafast", 21, STANDARD) });
    all.push(setting("veryfast", 23, ""));
    all.push(setting("veryfast", 21, ""));
    all.push(setting("medium", 18, ":mbtree=1:rc-lookahead=30"));
    all
}

/// Changes to the standard quality that were found to bring nothing, or to cost more than they bring.
const OTHERS: [&str; 20] = [
    ":bframes=2",
    ":bframes=4",
    ":b-pyramid=none",
    ":weightp=0",
    ":weightb=0",
    ":direct=temporal",
    ":subme=0",
    ":me=hex",
    ":merange=8",
    ":partitions=none",
    ":8x8dct=0",
    ":aq-mode=0",
    ":aq-mode=2",
    ":aq-mode=3",
    ":aq-strength=0.7",
    ":no-deblock=1",
    ":no-psy=1",
    ":no-fast-pskip=1",
    ":no-dct-decimate=1",
    ":trellis=1",
];
