//! The two forms against each other, and both against the crate's own registers, read through serde.

use headcount_model::rng::SplitMix64;
use proptest::prelude::*;

use super::*;

const BOTH: [Precision; 2] = [Precision::P12, Precision::P14];

/// The crate's fields as serde writes them, up to the registers.
#[derive(Deserialize)]
struct CrateFields {
    #[expect(dead_code, reason = "read only to get past it")]
    alpha: f64,
    p: u8,
    m: usize,
    registers: Vec<u8>,
}

fn crate_fields(sketch: &HyperLogLog) -> CrateFields {
    let bytes = postcard::to_allocvec(sketch).expect("the crate's sketch can be written");
    postcard::take_from_bytes(&bytes).expect("the crate's fields are alpha, p, m, M").0
}

fn empty_dense(precision: Precision) -> Sketch {
    Sketch { precision, form: Form::Dense(Dense::new(precision)) }
}

fn raise_all(sketch: &mut Sketch, positions: &[(u16, u8)]) {
    for (index, rank) in positions {
        sketch.raise(*index, *rank);
    }
}

fn bytes_of(sketch: &Sketch) -> Vec<u8> {
    postcard::to_allocvec(sketch).expect("a sketch can be written")
}

fn read(bytes: &[u8]) -> Result<Sketch, SketchFault> {
    Sketch::try_from(stored::Stored::of(bytes))
}

#[test]
fn the_crate_chooses_our_precision() {
    for precision in BOTH {
        let fields = crate_fields(&Dense::new(precision).sketch);
        assert_eq!(fields.p, precision.bits());
        assert_eq!(fields.m, precision.registers());
        assert_eq!(fields.registers, vec![0; precision.registers()]);
    }
}

#[test]
fn positions_are_the_crates() {
    for precision in BOTH {
        let mut bits = SplitMix64::new(u64::from(precision.bits()));
        let mut theirs = Dense::new(precision).sketch;
        let mut ours = vec![0_u8; precision.registers()];
        // Shifts make long runs of zeros, so that high ranks come up too.
        let hashes = (0..20_000).map(|turn| bits.next_u64() >> (turn % 64)).chain([0, u64::MAX, 1 << 63]);
        for hash in hashes {
            let (index, rank) = precision.position(hash);
            assert!(precision.allows(index, rank));
            assert_eq!(precision.position(precision.hash_at(index, rank)), (index, rank));
            let register = &mut ours[usize::from(index)];
            *register = (*register).max(rank);
            theirs.insert_by_hash_value(hash);
        }
        assert_eq!(crate_fields(&theirs).registers, ours);
    }
}

#[test]
fn every_rank_of_a_register_reaches_the_crate() {
    for precision in BOTH {
        let mut sketch = empty_dense(precision);
        for rank in 1..=precision.rank_max() {
            assert!(sketch.raise(5, rank));
            assert!(!sketch.raise(5, rank));
            let Form::Dense(dense) = &sketch.form else { panic!("a dense sketch stays dense") };
            assert_eq!(crate_fields(&dense.sketch).registers[5], rank);
        }
    }
}

#[test]
fn it_grows_dense_at_the_limit_and_not_before() {
    for precision in BOTH {
        let mut sketch = Sketch::new(precision);
        assert_eq!(sketch.histogram()[0] as usize, precision.registers());
        let limit = precision.sparse_entries_max() as u16;
        for index in 0..=limit {
            assert!(matches!(sketch.form, Form::Sparse(_)));
            assert!(sketch.raise(index * 3, 2));
        }
        assert!(matches!(sketch.form, Form::Dense(_)));
        assert_eq!(sketch.histogram()[2], u32::from(limit) + 1);
    }
}

#[test]
fn different_precisions_do_not_merge() {
    let mut site = Sketch::new(Precision::P14);
    assert_eq!(site.merge(&Sketch::new(Precision::P12)), Err(SketchFault::Precision(12)));
}

#[test]
fn damaged_bytes_are_named() {
    let length = |bytes: &[u8]| assert_eq!(read(bytes).err(), Some(SketchFault::Length(bytes.len())));
    assert!(read(&[1, 14, 0]).is_ok());
    assert_eq!(read(&[2, 14, 0]).err(), Some(SketchFault::Version(2)));
    assert_eq!(read(&[1, 13, 0]).err(), Some(SketchFault::Precision(13)));
    assert_eq!(read(&[1, 14, 2]).err(), Some(SketchFault::Form(2, 0)));
    for short in [&[][..], &[1, 14], &[1, 14, 0, 5], &[1, 14, 0, 0x85], &[1, 14, 0, 0x85, 0, 1], &[1, 14, 1, 0]] {
        length(short);
    }
    let bad = |bytes: &[u8]| assert!(matches!(read(bytes).err(), Some(SketchFault::Register { .. })), "{bytes:?}");
    bad(&[1, 14, 0, 5, 0]);
    bad(&[1, 14, 0, 5, 52]);
    bad(&[1, 12, 0, 0xff, 0x7f, 1]);
    bad(&[1, 14, 0, 0xff, 0x7f, 1, 0, 1]);
    // A dense form of an empty sketch, and one with an impossible rank.
    let mut dense = vec![1, 14, 1];
    dense.resize(3 + 16_384 / 4 * 3, 0);
    assert_eq!(read(&dense).err(), Some(SketchFault::Form(1, 0)));
    dense[3] = 52;
    bad(&dense);
}

fn positions(precision: Precision, count: usize) -> impl Strategy<Value = Vec<(u16, u8)>> {
    prop::collection::vec((0..precision.registers() as u16, 1..=precision.rank_max()), 0..count)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_order_and_grouping_gives_the_same(
        mut raises in positions(Precision::P12, 900),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        swaps in prop::collection::vec(any::<prop::sample::Index>(), 0..50),
    ) {
        let mut plain = Sketch::new(Precision::P12);
        raise_all(&mut plain, &raises);
        let mut dense = empty_dense(Precision::P12);
        raise_all(&mut dense, &raises);
        prop_assert_eq!(plain.histogram(), dense.histogram());
        prop_assert_eq!(plain.histogram().iter().sum::<u32>(), 4096);

        for (place, with) in swaps.iter().enumerate().take(raises.len()) {
            let (left, right) = (place, with.index(raises.len()));
            raises.swap(left, right);
        }
        let mut merged = Sketch::new(Precision::P12);
        let mut rest = raises.as_slice();
        for cut in cuts {
            let (head, tail) = rest.split_at(cut.index(rest.len() + 1));
            let mut part = Sketch::new(Precision::P12);
            raise_all(&mut part, head);
            // Both directions: the merged one into the part and back.
            part.merge(&merged).expect("equal precisions");
            merged = part;
            rest = tail;
        }
        raise_all(&mut merged, rest);
        let again = merged.clone();
        merged.merge(&again).expect("equal precisions");
        prop_assert_eq!(merged.histogram(), plain.histogram());
        // Equal sketches are equal bytes, however they came about.
        prop_assert_eq!(bytes_of(&merged), bytes_of(&plain));
        if let Form::Dense(inner) = &merged.form {
            prop_assert_eq!(&crate_fields(&inner.sketch).registers, &inner.ranks.to_vec());
        }
    }

    #[test]
    fn bytes_read_back(raises in positions(Precision::P14, 2_000)) {
        let mut sketch = Sketch::new(Precision::P14);
        raise_all(&mut sketch, &raises);
        let bytes = bytes_of(&sketch);
        let back: Sketch = postcard::from_bytes(&bytes).expect("its own bytes");
        prop_assert_eq!(bytes_of(&back), bytes);
        prop_assert_eq!(back.histogram(), sketch.histogram());
        let text = serde_json::to_string(&sketch).expect("a sketch can be written");
        let back: Sketch = serde_json::from_str(&text).expect("its own text");
        prop_assert_eq!(back.histogram(), sketch.histogram());
    }

    #[test]
    fn any_bytes_are_a_sketch_or_a_fault(bits in prop::sample::select(vec![12_u8, 14]), form in 0_u8..3, body in
        prop::collection::vec(any::<u8>(), 0..200)) {
        let bytes = [&[1, bits, form], body.as_slice()].concat();
        if let Ok(sketch) = read(&bytes) {
            // What can be read is written the same: no two strings mean one sketch.
            prop_assert_eq!(&bytes_of(&sketch)[postcard_prefix(bytes.len())..], bytes.as_slice());
        }
    }
}

/// Bytes that `postcard` takes for a length.
fn postcard_prefix(length: usize) -> usize {
    if length < 0x80 { 1 } else { 2 }
}
