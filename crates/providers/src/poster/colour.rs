//! Colours by lightness, chroma and hue (OKLCH), where equal steps look equal, and the way from there to screen colours.
//! Which colours a picture uses is decided in `palette`.

use tiny_skia::Color;

/// A colour in OKLCH.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lch {
    /// Lightness, 0 (black) to 1 (white).
    pub l: f32,
    /// Chroma, 0 (grey) to about 0.3.
    pub c: f32,
    /// Hue in degrees.
    pub h: f32,
}

/// Names a colour.
pub const fn lch(l: f32, c: f32, h: f32) -> Lch {
    Lch { l, c, h }
}

impl Lch {
    /// The colour with another lightness.
    pub fn at(self, l: f32) -> Self {
        Self { l: l.clamp(0.0, 1.0), ..self }
    }

    /// Lighter (positive) or darker.
    pub fn lift(self, by: f32) -> Self {
        self.at(self.l + by)
    }

    /// Chroma times `factor`.
    pub fn muted(self, factor: f32) -> Self {
        Self { c: self.c * factor, ..self }
    }

    /// Mixes two colours through OKLab: 0 is `self`, 1 is `other`.
    pub fn mix(self, other: Self, t: f32) -> Self {
        let (a, b) = (self.lab(), other.lab());
        from_lab([0, 1, 2].map(|i| a[i] + (b[i] - a[i]) * t))
    }

    /// Screen colour with 0–1 channels; chroma gives way where the screen can't show it.
    pub fn rgb(self) -> [f32; 3] {
        let mut chroma = self.c;
        for _ in 0..24 {
            let rgb = lab_to_linear(Lch { c: chroma, ..self }.lab());
            if rgb.iter().all(|v| (-0.002..=1.002).contains(v)) {
                return rgb.map(encode);
            }
            chroma *= 0.92;
        }
        lab_to_linear(Lch { c: 0.0, ..self }.lab()).map(encode)
    }

    /// The colour for the drawing library, with an opacity of 0 to 1.
    pub fn paint(self, alpha: f32) -> Color {
        let [r, g, b] = self.rgb();
        Color::from_rgba(r, g, b, alpha.clamp(0.0, 1.0)).unwrap_or(Color::BLACK)
    }

    fn lab(self) -> [f32; 3] {
        let (sin, cos) = self.h.to_radians().sin_cos();
        [self.l, self.c * cos, self.c * sin]
    }
}

/// The OKLCH colour of 8-bit screen channels.
pub fn from_rgb(rgb: [u8; 3]) -> Lch {
    let [r, g, b] = rgb.map(|v| decode(f32::from(v) / 255.0));
    let l = (0.412_221_46 * r + 0.536_332_55 * g + 0.051_445_995 * b).cbrt();
    let m = (0.211_903_5 * r + 0.680_699_5 * g + 0.107_396_96 * b).cbrt();
    let s = (0.088_302_46 * r + 0.281_718_85 * g + 0.629_978_7 * b).cbrt();
    from_lab([
        0.210_454_26 * l + 0.793_617_8 * m - 0.004_072_047 * s,
        1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
        0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s,
    ])
}

/// The signed turn in degrees, −180 to 180, from one hue to another.
pub fn turn(from: f32, to: f32) -> f32 {
    (to - from + 540.0).rem_euclid(360.0) - 180.0
}

/// Relative luminance, 0 to 1, of 8-bit screen channels, as contrast rules define it.
pub fn luminance(rgb: [u8; 3]) -> f32 {
    let [r, g, b] = rgb.map(|v| decode(f32::from(v) / 255.0));
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

fn from_lab([l, a, b]: [f32; 3]) -> Lch {
    Lch { l, c: a.hypot(b), h: b.atan2(a).to_degrees().rem_euclid(360.0) }
}

fn lab_to_linear([l, a, b]: [f32; 3]) -> [f32; 3] {
    let long = (l + 0.396_337_78 * a + 0.215_803_76 * b).powi(3);
    let middle = (l - 0.105_561_346 * a - 0.063_854_17 * b).powi(3);
    let short = (l - 0.089_484_18 * a - 1.291_485_5 * b).powi(3);
    [
        4.076_741_7 * long - 3.307_711_6 * middle + 0.230_969_94 * short,
        -1.268_438 * long + 2.609_757_4 * middle - 0.341_319_38 * short,
        -0.004_196_086_3 * long - 0.703_418_6 * middle + 1.707_614_7 * short,
    ]
}

fn encode(linear: f32) -> f32 {
    let v = linear.clamp(0.0, 1.0);
    if v <= 0.003_130_8 { 12.92 * v } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 }
}

fn decode(screen: f32) -> f32 {
    if screen <= 0.040_45 { screen / 12.92 } else { ((screen + 0.055) / 1.055).powf(2.4) }
}
