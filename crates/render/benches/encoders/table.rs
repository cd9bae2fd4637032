//! Tables in Markdown.
//!
//! Settings differ in size and in likeness at once; the column "size" makes them comparable: how much bigger a file is than
//! one of the reference settings with the same SSIM of luma.

use std::io::{self, Write};

use crate::encoder::Measured;
use crate::settings::Setting;

/// Means over the materials, setting by setting.
pub fn average(materials: &[Vec<Measured>]) -> Vec<Measured> {
    let count = materials.len() as f64;
    (0..materials[0].len())
        .map(|index| {
            let mean = |of: fn(&Measured) -> f64| materials.iter().map(|rows| of(&rows[index])).sum::<f64>() / count;
            Measured {
                kbit_per_second: mean(|row| row.kbit_per_second),
                ssim_all: mean(|row| row.ssim_all),
                ssim_luma_db: mean(|row| row.ssim_luma_db),
                psnr_db: mean(|row| row.psnr_db),
                processor: mean(|row| row.processor),
                relative_size: mean(|row| row.relative_size),
            }
        })
        .collect()
}

/// Fills the size against the reference curve into every row.
pub fn compare(settings: &[Setting], rows: &mut [Measured]) {
    let curve: Vec<(f64, f64)> = settings
        .iter()
        .zip(rows.iter())
        .filter(|(setting, _)| setting.reference)
        .map(|(_, row)| (row.ssim_luma_db, row.kbit_per_second.ln()))
        .collect();
    for row in rows {
        row.relative_size = (row.kbit_per_second.ln() - on_line(&curve, row.ssim_luma_db)).exp();
    }
}

/// The value at `x` of the line between the curve's neighbouring points, or beyond its end points.
fn on_line(curve: &[(f64, f64)], x: f64) -> f64 {
    // Its points come with falling likeness.
    let after = curve.iter().position(|point| point.0 <= x).unwrap_or(curve.len() - 1).max(1);
    let ((x0, y0), (x1, y1)) = (curve[after - 1], curve[after]);
    y0 + (x - x0) / (x1 - x0) * (y1 - y0)
}

/// Writes a table with its heading.
pub fn write(out: &mut impl Write, name: &str, settings: &[Setting], rows: &[Measured]) -> io::Result<()> {
    writeln!(out, "\n### {name}\n")?;
    writeln!(out, "| settings | kbit/s | SSIM all | SSIM Y, dB | PSNR, dB | size at equal SSIM | processor s per s |")?;
    writeln!(out, "|---|---:|---:|---:|---:|---:|---:|")?;
    for (setting, row) in settings.iter().zip(rows) {
        let Measured { kbit_per_second, ssim_all, ssim_luma_db, psnr_db, processor, relative_size } = row;
        writeln!(
            out,
            "| {} | {kbit_per_second:.0} | {ssim_all:.4} | {ssim_luma_db:.2} | {psnr_db:.2} | {:+.0} % | {processor:.3} |",
            setting.name,
            (relative_size - 1.0) * 100.0
        )?;
    }
    Ok(())
}
