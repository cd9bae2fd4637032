//! The two inner loops of `resample` in the instructions of x86 processors.

pub(super) mod avx2 {
    use super::super::{Group, ROW_BITS, SUM_BITS, Taps, WEIGHT_BITS};
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx2")]
    pub(in crate::resample) fn horizontal(line: &[u8], columns: &Taps, row: &mut [i16]) {
        let half = _mm256_set1_epi32(1 << (WEIGHT_BITS - ROW_BITS - 1));
        // Every group's starts were kept within this length when it was made.
        assert!(line.len() >= columns.row);
        let count = row.len();
        for (number, group) in columns.groups.iter().enumerate() {
            let out = &mut row[(number * 16).min(count - 16)..][..16];
            let register = |number: usize| {
                // SAFETY: sixteen bytes from each start are within the line, as their group was made for it; picks and weights are 32 bytes each.
                unsafe {
                    let load = |quarter: usize| _mm_loadu_si128(line.as_ptr().add(group.start[quarter] as usize).cast());
                    let bytes = _mm256_set_m128i(load(number + 2), load(number));
                    let part = |taps: usize| {
                        let pick = _mm256_load_si256(group.pick[number][taps].as_ptr().cast());
                        let weights = _mm256_load_si256(group.weights[number][taps].as_ptr().cast());
                        _mm256_madd_epi16(_mm256_shuffle_epi8(bytes, pick), weights)
                    };
                    let sums = _mm256_add_epi32(_mm256_add_epi32(part(0), part(1)), half);
                    _mm256_srai_epi32::<{ (WEIGHT_BITS - ROW_BITS) as i32 }>(sums)
                }
            };
            // SAFETY: `out` has sixteen samples.
            unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), _mm256_packs_epi32(register(0), register(1))) };
        }
        if columns.groups.is_empty() {
            super::super::horizontal(line, columns, row);
        }
    }

    #[target_feature(enable = "avx2")]
    pub(in crate::resample) fn vertical(rows: [&[i16]; 4], weights: [i16; 4], line: &mut [u8]) {
        let weights16 = weights.map(|weight| _mm256_set1_epi16(weight));
        let half = _mm256_set1_epi16(1 << (SUM_BITS - 1));
        let count = line.len();
        if count < 32 {
            return super::super::vertical(rows, weights, line);
        }
        assert!(rows.iter().all(|row| row.len() >= count));
        for column in (0..count).step_by(32) {
            // The last step overlaps the one before where the samples don't come out even.
            let column = column.min(count - 32);
            let sixteen = |column: usize| {
                let product = |tap: usize| {
                    // SAFETY: `column + 16` is within every row, as asserted above.
                    let samples = unsafe { _mm256_loadu_si256(rows[tap].as_ptr().add(column).cast()) };
                    _mm256_mulhrs_epi16(samples, weights16[tap])
                };
                let sum = _mm256_add_epi16(_mm256_add_epi16(product(0), product(1)), _mm256_add_epi16(product(2), product(3)));
                _mm256_srai_epi16::<{ SUM_BITS as i32 }>(_mm256_add_epi16(sum, half))
            };
            let bytes = _mm256_packus_epi16(sixteen(column), sixteen(column + 16));
            let bytes = _mm256_permute4x64_epi64::<0b11_01_10_00>(bytes);
            // SAFETY: 32 bytes from `column` are within the line.
            unsafe { _mm256_storeu_si256(line.as_mut_ptr().add(column).cast(), bytes) };
        }
    }

    // A group's arrays are read with aligned loads.
    const _: () = assert!(align_of::<Group>() == 32 && size_of::<[u8; 32]>() == 32 && size_of::<[i16; 16]>() == 32);
}

pub(super) mod avx512 {
    use super::super::{ROW_BITS, SUM_BITS, Taps, WEIGHT_BITS, WideGroup};
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vnni")]
    pub(in crate::resample) fn horizontal(line: &[u8], columns: &Taps, row: &mut [i16]) {
        let half = _mm512_set1_epi32(1 << (WEIGHT_BITS - ROW_BITS - 1));
        // Every group's start was kept within this length when it was made.
        assert!(line.len() >= columns.row);
        let count = row.len();
        for (number, group) in columns.wide_groups.iter().enumerate() {
            let out = &mut row[(number * 32).min(count - 32)..][..32];
            // SAFETY: 64 bytes from the start are within the line, as the group was made for it.
            let bytes = unsafe { _mm512_loadu_si512(line.as_ptr().add(group.start as usize).cast()) };
            let register = |number: usize| {
                // SAFETY: picks and weights are 64 bytes each, and aligned.
                let (pick, upper, lower) = unsafe {
                    (
                        _mm512_load_si512(group.pick[number].as_ptr().cast()),
                        _mm512_load_si512(group.upper[number].as_ptr().cast()),
                        _mm512_load_si512(group.lower[number].as_ptr().cast()),
                    )
                };
                let taps = _mm512_permutexvar_epi8(pick, bytes);
                let upper = _mm512_slli_epi32::<8>(_mm512_dpbusd_epi32(_mm512_setzero_si512(), taps, upper));
                let sums = _mm512_add_epi32(upper, _mm512_dpbusd_epi32(half, taps, lower));
                _mm512_srai_epi32::<{ WEIGHT_BITS - ROW_BITS }>(sums)
            };
            // SAFETY: `out` has 32 samples.
            unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), _mm512_packs_epi32(register(0), register(1))) };
        }
    }

    #[target_feature(enable = "avx2,avx512f,avx512bw")]
    pub(in crate::resample) fn vertical(rows: [&[i16]; 4], weights: [i16; 4], line: &mut [u8]) {
        let weights32 = weights.map(|weight| _mm512_set1_epi16(weight));
        let half = _mm512_set1_epi16(1 << (SUM_BITS - 1));
        // Packing works within quarters of a register.
        let order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
        let count = line.len();
        if count < 64 {
            return super::avx2::vertical(rows, weights, line);
        }
        assert!(rows.iter().all(|row| row.len() >= count));
        for column in (0..count).step_by(64) {
            // The last step overlaps the one before where the samples don't come out even.
            let column = column.min(count - 64);
            let half_of_them = |column: usize| {
                let product = |tap: usize| {
                    // SAFETY: `column + 32` is within every row, as asserted above.
                    let samples = unsafe { _mm512_loadu_si512(rows[tap].as_ptr().add(column).cast()) };
                    _mm512_mulhrs_epi16(samples, weights32[tap])
                };
                let sum = _mm512_add_epi16(_mm512_add_epi16(product(0), product(1)), _mm512_add_epi16(product(2), product(3)));
                _mm512_srai_epi16::<{ SUM_BITS }>(_mm512_add_epi16(sum, half))
            };
            let bytes = _mm512_packus_epi16(half_of_them(column), half_of_them(column + 32));
            // SAFETY: 64 bytes from `column` are within the line.
            unsafe { _mm512_storeu_si512(line.as_mut_ptr().add(column).cast(), _mm512_permutexvar_epi64(order, bytes)) };
        }
    }

    // A group's arrays are read with aligned loads.
    const _: () = assert!(align_of::<WideGroup>() == 64 && size_of::<[i8; 64]>() == 64);
}
