//! JSON values as JSON Schema compares them: numbers by what they are worth, however they are written.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

use super::kinds::Kinds;

/// An order of all values in which those are equal that JSON Schema takes for equal (draft 2020-12,
/// §4.2.2).
pub(crate) fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Number(left), Value::Number(right)) => compare_numbers(left, right),
        (Value::String(left), Value::String(right)) => left.cmp(right),
        (Value::Array(left), Value::Array(right)) => {
            let mut pairs = left.iter().zip(right);
            let differ = pairs.find_map(|(left, right)| unequal(compare(left, right)));
            differ.unwrap_or_else(|| left.len().cmp(&right.len()))
        }
        (Value::Object(left), Value::Object(right)) => {
            // With serde_json's feature `preserve_order`, keys stand as they were written.
            let sorted = |map: &Map<String, Value>| {
                let mut keys: Vec<String> = map.keys().cloned().collect();
                keys.sort_unstable();
                keys
            };
            let (names, others) = (sorted(left), sorted(right));
            names.cmp(&others).then_with(|| {
                let differ = |name| unequal(compare(left.get(name)?, right.get(name)?));
                names.iter().find_map(differ).unwrap_or(Ordering::Equal)
            })
        }
        (left, right) => Kinds::of_value(left).cmp(&Kinds::of_value(right)),
    }
}

fn unequal(order: Ordering) -> Option<Ordering> {
    (order != Ordering::Equal).then_some(order)
}

/// Numbers by what they are worth. With serde_json's feature `arbitrary_precision`, those that are
/// neither a float nor an integer of 128 bits lie beyond all others.
pub(crate) fn compare_numbers(left: &Number, right: &Number) -> Ordering {
    match (left.as_i128(), right.as_i128()) {
        (Some(left), Some(right)) => left.cmp(&right),
        (Some(left), None) => compare_with_float(left, float(right)),
        (None, Some(right)) => compare_with_float(right, float(left)).reverse(),
        (None, None) => match (float(left), float(right)) {
            (left_float, right_float) if left_float.is_infinite() && left_float == right_float => {
                left.to_string().cmp(&right.to_string())
            }
            (left, right) => left.partial_cmp(&right).unwrap_or(Ordering::Equal),
        },
    }
}

fn float(number: &Number) -> f64 {
    number.as_f64().unwrap_or_else(|| {
        if number.to_string().starts_with('-') {
            f64::NEG_INFINITY
        } else {
            f64::INFINITY
        }
    })
}

/// Without rounding the integer to a float.
fn compare_with_float(integer: i128, float: f64) -> Ordering {
    // 2^127 is a float; beyond it, the sign decides.
    if float.abs() >= 2_f64.powi(127) {
        return 0.0.partial_cmp(&float).unwrap_or(Ordering::Equal);
    }
    let (whole, rest) = (float.trunc() as i128, float.fract());
    let order = integer.cmp(&whole);
    order.then_with(|| 0.0.partial_cmp(&rest).unwrap_or(Ordering::Equal))
}

/// A number as it is written: digits, and the power of ten they are multiplied by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decimal {
    digits: u128,
    power: i32,
}

impl Decimal {
    /// Without its sign; a float by the fewest digits that tell it from others. `None` for what is
    /// neither a float nor an integer of 128 bits.
    pub(crate) fn of(number: &Number) -> Option<Self> {
        if let Some(integer) = number.as_i128() {
            let digits = integer.unsigned_abs();
            return Some(Self { digits, power: 0 });
        }
        let text = format!("{:e}", number.as_f64()?.abs());
        let (mantissa, exponent) = text.split_once('e')?;
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        Some(Self {
            digits: format!("{whole}{fraction}").parse().ok()?,
            power: exponent.parse::<i32>().ok()? - i32::try_from(fraction.len()).ok()?,
        })
    }

    pub(crate) fn is_zero(self) -> bool {
        self.digits == 0
    }

    /// Whether it is `step`, which is not zero, times an integer.
    pub(crate) fn is_multiple_of(self, step: Self) -> bool {
        if self.is_zero() || step.is_zero() {
            return self.is_zero();
        }
        let shift = self.power - step.power;
        if shift < 0 {
            // A step larger than all digits here has no multiple among them.
            let scale = 10_u128.checked_pow(shift.unsigned_abs());
            let step = scale.and_then(|scale| scale.checked_mul(step.digits));
            return step.is_some_and(|step| self.digits.is_multiple_of(step));
        }
        let rest = (0..shift).try_fold(self.digits % step.digits, |rest, _| {
            Some(rest.checked_mul(10)? % step.digits)
        });
        rest == Some(0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_equal_by_what_they_are_worth() {
        let same = |left: Value, right: Value| compare(&left, &right) == Ordering::Equal;
        assert!(same(json!(1), json!(1.0)));
        assert!(same(json!(0), json!(-0.0)));
        assert!(same(
            json!([{ "a": 1, "b": [] }]),
            json!([{ "b": [], "a": 1.0 }])
        ));
        assert!(same(json!(1e3), json!(1000)));
        assert!(!same(json!(1), json!(true)));
        assert!(!same(json!(0), json!(false)));
        assert!(!same(json!([1]), json!([1, 2])));
        assert!(!same(json!({ "a": 1 }), json!({ "b": 1 })));
        // Neighbours that one float stands for.
        assert!(!same(json!(u64::MAX), json!(18_446_744_073_709_551_616.0)));
        assert!(!same(
            json!(9_007_199_254_740_993_u64),
            json!(9_007_199_254_740_992.0)
        ));
    }

    #[test]
    fn numbers_are_ordered_without_rounding() {
        let sorted = [
            json!(f64::MIN),
            json!(i64::MIN),
            json!(-1.5),
            json!(-1),
            json!(-0.5),
            json!(0),
            json!(5e-324),
            json!(0.5),
            json!(1),
            json!(9_007_199_254_740_992.0),
            json!(9_007_199_254_740_993_u64),
            json!(u64::MAX - 1),
            json!(u64::MAX),
            json!(18_446_744_073_709_551_616.0),
            json!(1e300),
        ];
        for (index, left) in sorted.iter().enumerate() {
            for (other, right) in sorted.iter().enumerate() {
                assert_eq!(compare(left, right), index.cmp(&other), "{left} {right}");
            }
        }
    }

    #[test]
    fn multiples_are_those_of_the_decimals_that_are_written() {
        let divides = |number: Value, step: Value| {
            let decimal = |value: &Value| Decimal::of(value.as_number().unwrap()).unwrap();
            decimal(&number).is_multiple_of(decimal(&step))
        };
        for (number, step) in [
            (json!(0), json!(7)),
            (json!(-21), json!(7)),
            (json!(21.0), json!(7)),
            (json!(0.3), json!(0.1)),
            (json!(1.1), json!(0.01)),
            (json!(4.5), json!(1.5)),
            (json!(u64::MAX), json!(5)),
            (json!(1e300), json!(2)),
            (json!(12), json!(0.75)),
            (json!(5e-324), json!(5e-324)),
            (json!(1e22), json!(1e-7)),
        ] {
            assert!(divides(number.clone(), step.clone()), "{number} {step}");
        }
        for (number, step) in [
            (json!(22), json!(7)),
            (json!(21.5), json!(7)),
            (json!(0.35), json!(0.1)),
            (json!(u64::MAX), json!(2)),
            (json!(5e-324), json!(1)),
            (json!(1), json!(1e300)),
        ] {
            assert!(!divides(number.clone(), step.clone()), "{number} {step}");
        }
    }
}
