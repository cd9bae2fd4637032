//! How large pictures are: the vendor's table of aspect ratios, times one, two or four.

/// Aspect ratios and their pixels in the size `1K`.
const SIZES: [(&str, (u32, u32)); 10] = [
    ("1:1", (1024, 1024)),
    ("2:3", (848, 1264)),
    ("3:2", (1264, 848)),
    ("3:4", (896, 1200)),
    ("4:3", (1200, 896)),
    ("4:5", (928, 1152)),
    ("5:4", (1152, 928)),
    ("9:16", (768, 1376)),
    ("16:9", (1376, 768)),
    ("21:9", (1584, 672)),
];

/// Width and height in pixels.
///
/// # Errors
/// The vendor's sentence, for a ratio or size that it does not have.
pub(super) fn size(aspect: Option<&str>, size: Option<&str>) -> Result<(u32, u32), String> {
    let aspect = aspect.unwrap_or("1:1");
    let known = SIZES.into_iter().find(|(name, _)| *name == aspect);
    let Some((_, (width, height))) = known else {
        return Err(format!(
            "Invalid aspect ratio: {aspect}. Supported aspect ratios: {}.",
            SIZES.map(|(name, _)| name).join(", ")
        ));
    };
    let times = match size.unwrap_or("1K") {
        "1K" => 1,
        "2K" => 2,
        "4K" => 4,
        other => return Err(format!("Invalid image size: {other}. Supported sizes: 1K, 2K, 4K.")),
    };
    Ok((width * times, height * times))
}
