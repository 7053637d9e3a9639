//! Numbers, exact at any size.
//!
//! A number is stored as decimal digits, so that `0.1` is exactly one tenth; a binary float has exactly its binary value. So a
//! function that passes an object through, such as a Kubernetes manifest, returns each number unchanged. The representation is
//! canonical, so that equality and hashing are by value. There is no arithmetic.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// Maximum distance of a digit from the decimal point: enough for every `f64` (1,074 digits) and for the 512 bits of Terraform's
/// numbers, but `1e1000000000` cannot fill the memory.
const MAX_DIGITS: i64 = 4096;

/// A number of any size, or an infinity.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Number(Repr);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    /// Every integer that fits.
    Int(i64),
    /// Every other finite number: `0.digits * 10^point`, digits without zeros at either end.
    Decimal {
        negative: bool,
        digits: Box<str>,
        point: i32,
    },
    Infinite {
        negative: bool,
    },
}

/// Why a string or a float is not a [`Number`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// The text is not a decimal number.
    #[error("expected a decimal number")]
    Syntax,
    /// It has digits more than 4,096 places from the decimal point.
    #[error("expected a number with at most {MAX_DIGITS} digits on either side of the decimal point")]
    Range,
    /// The float is NaN.
    #[error("expected a number, not NaN")]
    NotANumber,
}

impl Number {
    /// The number as an `i64`, if it is one.
    pub fn as_i64(&self) -> Option<i64> {
        match self.0 {
            Repr::Int(int) => Some(int),
            _ => None,
        }
    }

    /// The number as a `u64`, if it is one.
    pub fn as_u64(&self) -> Option<u64> {
        match &self.0 {
            Repr::Int(int) => u64::try_from(*int).ok(),
            Repr::Decimal { .. } => self.to_string().parse().ok(),
            Repr::Infinite { .. } => None,
        }
    }

    /// The nearest float; infinite beyond the largest.
    pub fn as_f64(&self) -> f64 {
        match &self.0 {
            Repr::Int(int) => *int as f64,
            Repr::Decimal { negative, digits, point } => {
                let sign = if *negative { "-" } else { "" };
                format!("{sign}0.{digits}e{point}").parse().expect("digits and an exponent are a float's syntax")
            }
            Repr::Infinite { negative: false } => f64::INFINITY,
            Repr::Infinite { negative: true } => f64::NEG_INFINITY,
        }
    }

    /// The number as a float, if a float can represent it exactly.
    pub(crate) fn to_exact_f64(&self) -> Option<f64> {
        if let Repr::Decimal { digits, .. } = &self.0
            && !self.is_integer()
            && !digits.ends_with('5')
        {
            return None; // The expansion of a binary fraction ends in 5: avoids the slow path for most numbers.
        }
        let float = self.as_f64();
        (Self::try_from(float).as_ref() == Ok(self)).then_some(float)
    }

    /// True for a whole number of any size; false for infinities.
    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Repr::Int(_) => true,
            Repr::Decimal { digits, point, .. } => usize::try_from(*point).is_ok_and(|point| digits.len() <= point),
            Repr::Infinite { .. } => false,
        }
    }

    /// The canonical form of `digits * 10^exponent`. `digits` are ASCII digits, with any zeros at the ends.
    fn canonical(negative: bool, digits: &str, exponent: i64) -> Result<Self, NumberError> {
        let significant = digits.trim_start_matches('0');
        let trimmed = significant.trim_end_matches('0');
        if trimmed.is_empty() {
            return Ok(Self(Repr::Int(0)));
        }
        let first = exponent.saturating_add(significant.len() as i64);
        let last = first.saturating_sub(trimmed.len() as i64);
        if first > MAX_DIGITS || last < -MAX_DIGITS {
            return Err(NumberError::Range);
        }
        let point = i32::try_from(first).map_err(|_| NumberError::Range)?;
        let number = Self(Repr::Decimal { negative, digits: trimmed.into(), point });
        // 19 digits are enough for every `i64`.
        let small = if point <= 19 && number.is_integer() { number.to_string().parse().ok() } else { None };
        Ok(small.map_or(number, |int| Self(Repr::Int(int))))
    }

    fn sign(&self) -> i8 {
        match self.0 {
            Repr::Int(int) => int.signum() as i8,
            Repr::Decimal { negative, .. } | Repr::Infinite { negative } => {
                if negative {
                    -1
                } else {
                    1
                }
            }
        }
    }

    /// Decimal point and digits without the sign, which order numbers by magnitude.
    fn magnitude(&self) -> (i32, Cow<'_, str>) {
        match &self.0 {
            Repr::Int(int) => {
                let mut digits = int.unsigned_abs().to_string();
                let point = digits.len() as i32;
                digits.truncate(digits.trim_end_matches('0').len());
                (point, digits.into())
            }
            Repr::Decimal { digits, point, .. } => (*point, Cow::Borrowed(digits)),
            Repr::Infinite { .. } => (i32::MAX, Cow::Borrowed("")),
        }
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        if let (Repr::Int(left), Repr::Int(right)) = (&self.0, &other.0) {
            return left.cmp(right);
        }
        self.sign().cmp(&other.sign()).then_with(|| {
            let magnitudes = self.magnitude().cmp(&other.magnitude());
            if self.sign() < 0 { magnitudes.reverse() } else { magnitudes }
        })
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A decimal number: `12`, `-0.5`, `1.5e-3`.
impl FromStr for Number {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        if let Ok(int) = text.parse() {
            return Ok(Self(Repr::Int(int)));
        }
        let negative = text.starts_with('-');
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = [whole, fraction].concat();
        let power = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        if [digits.as_str(), power].iter().any(|part| part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit())) {
            return Err(NumberError::Syntax);
        }
        let exponent: i64 = exponent.parse().map_err(|_| NumberError::Range)?;
        Self::canonical(negative, &digits, exponent.saturating_sub_unsigned(fraction.len() as u64))
    }
}

/// The exact value of the float: 0.1 becomes 0.1000000000000000055511151231257827...
impl TryFrom<f64> for Number {
    type Error = NumberError;

    fn try_from(float: f64) -> Result<Self, NumberError> {
        if float.is_nan() {
            Err(NumberError::NotANumber)
        } else if float.is_infinite() {
            Ok(Self(Repr::Infinite { negative: float < 0.0 }))
        } else {
            // The smallest float has 1,074 decimal places; with fewer, Rust would round.
            format!("{float:.1074}").parse()
        }
    }
}

macro_rules! from_integers {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Number {
            fn from(integer: $integer) -> Self {
                i64::try_from(integer).map_or_else(
                    |_| integer.to_string().parse().expect("an integer's text is a number in range"),
                    |int| Self(Repr::Int(int)),
                )
            }
        }
    )*};
}
from_integers!(i8, i16, i32, i64, i128, u8, u16, u32, u64, u128, usize);

/// The shortest plain decimal: without exponent and trailing zeros. Infinities as Terraform prints them.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Int(int) => write!(f, "{int}"),
            Repr::Decimal { negative, digits, point } => {
                if *negative {
                    f.write_str("-")?;
                }
                match usize::try_from(*point) {
                    Ok(point) if point >= digits.len() => write!(f, "{digits:0<point$}"),
                    Ok(point) if point > 0 => write!(f, "{}.{}", &digits[..point], &digits[point..]),
                    _ => write!(f, "0.{digits:0>width$}", width = digits.len() + point.unsigned_abs() as usize),
                }
            }
            Repr::Infinite { negative: false } => f.write_str("+Inf"),
            Repr::Infinite { negative: true } => f.write_str("-Inf"),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Number {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn spellings_of_a_number_are_equal_and_shown_plain() {
        for (texts, shown) in [
            (vec!["1", "1.0", "1.00e0", "+1", "0.1e1", "10E-1", "001"], "1"),
            (vec!["0", "-0", "0.000", "0e5", ".0"], "0"),
            (vec!["0.1", ".1", "1e-1", "0.10"], "0.1"),
            (vec!["-0.0125", "-125e-4"], "-0.0125"),
            (vec!["12.5", "1.25e1"], "12.5"),
            (vec!["300", "3e2", "3.0E+2"], "300"),
            (vec!["9223372036854775807", "9.223372036854775807e18"], "9223372036854775807"),
            (vec!["-9223372036854775808", "-9223372036854775808.0"], "-9223372036854775808"),
            (vec!["9223372036854775808", "9.223372036854775808e18"], "9223372036854775808"),
            (vec!["18446744073709551615"], "18446744073709551615"),
            (vec!["1e20"], "100000000000000000000"),
            (vec!["1.5e-20"], "0.000000000000000000015"),
        ] {
            for text in texts {
                assert_eq!(number(text), number(shown), "{text}");
                assert_eq!(number(text).to_string(), shown, "{text}");
            }
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for (text, expected) in [
            ("", NumberError::Syntax),
            ("-", NumberError::Syntax),
            (".", NumberError::Syntax),
            ("e5", NumberError::Syntax),
            ("1e", NumberError::Syntax),
            ("1e5e6", NumberError::Syntax),
            ("1.2.3", NumberError::Syntax),
            ("--1", NumberError::Syntax),
            ("1 ", NumberError::Syntax),
            ("0x10", NumberError::Syntax),
            ("1_000", NumberError::Syntax),
            ("Inf", NumberError::Syntax),
            ("\u{661}", NumberError::Syntax),
            ("1e4096", NumberError::Range),
            ("1e-4097", NumberError::Range),
            ("1e1000000000", NumberError::Range),
            ("-1e-1000000000", NumberError::Range),
            ("1e99999999999999999999", NumberError::Range),
        ] {
            assert_eq!(text.parse::<Number>(), Err(expected), "{text}");
        }
        assert_eq!("1".repeat(4097).parse::<Number>(), Err(NumberError::Range));
        assert_eq!("9".repeat(4096).parse::<Number>().map(|n| n.to_string().len()), Ok(4096));
        assert_eq!(Number::try_from(f64::NAN), Err(NumberError::NotANumber));
    }

    #[test]
    fn float_has_its_exact_value() {
        for (float, expected) in [
            (0.5, "0.5"),
            (-0.0, "0"),
            (300.0, "300"),
            (0.1, "0.1000000000000000055511151231257827021181583404541015625"),
            (1e23, "99999999999999991611392"),
            (-9_223_372_036_854_775_808.0, "-9223372036854775808"),
        ] {
            assert_eq!(Number::try_from(float), Ok(number(expected)), "{float}");
        }
        for float in [f64::MAX, f64::MIN_POSITIVE, 5e-324, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Number::try_from(float).map(|n| n.to_exact_f64()), Ok(Some(float)));
        }
        for text in ["0.1", "0.15", "1e400", "18446744073709551615"] {
            assert_eq!(number(text).to_exact_f64(), None, "{text}");
        }
    }

    #[test]
    fn conversions_are_exact_or_none() {
        for (text, i64, u64, is_integer) in [
            ("7", Some(7), Some(7), true),
            ("-7", Some(-7), None, true),
            ("0.5", None, None, false),
            ("-9223372036854775808", Some(i64::MIN), None, true),
            ("18446744073709551615", None, Some(u64::MAX), true),
            ("18446744073709551616", None, None, true),
            ("1e30", None, None, true),
        ] {
            let number = number(text);
            assert_eq!((number.as_i64(), number.as_u64(), number.is_integer()), (i64, u64, is_integer), "{text}");
        }
        assert_eq!(Number::from(u64::MAX), number("18446744073709551615"));
        assert_eq!(Number::from(i128::MIN), number(&i128::MIN.to_string()));
        assert_eq!(number("0.1").as_f64(), 0.1);
        assert_eq!(number("-1e400").as_f64(), f64::NEG_INFINITY);
    }

    #[test]
    fn numbers_sort_by_value() {
        let infinite = |float| Number::try_from(float).expect("not NaN");
        let mut sorted = vec![infinite(f64::NEG_INFINITY)];
        let texts = ["-1e300", "-10.5", "-10", "-9.99", "-0.01", "0", "1e-300", "0.09", "0.1", "1", "1.01", "9"];
        sorted.extend(texts.map(number));
        sorted.extend(["10", "99", "100", "9223372036854775807", "9223372036854775808", "1e300"].map(number));
        sorted.push(infinite(f64::INFINITY));
        for (i, left) in sorted.iter().enumerate() {
            for (j, right) in sorted.iter().enumerate() {
                assert_eq!(left.cmp(right), i.cmp(&j), "{left} {right}");
            }
        }
    }

    proptest! {
        /// Compares with `mantissa / 10^scale` as integers of one scale.
        #[test]
        fn order_and_equality_are_those_of_the_rationals(
            (left, left_scale) in (-10_i128.pow(18)..10_i128.pow(18), 0_u32..18),
            (right, right_scale) in prop_oneof![
                (-10_i128.pow(18)..10_i128.pow(18), 0_u32..18),
                (-20_i128..20, 0_u32..2),
            ],
        ) {
            let [a, b] = [(left, left_scale), (right, right_scale)].map(|(m, s)| number(&format!("{m}e-{s}")));
            let expected = (left * 10_i128.pow(18 - left_scale)).cmp(&(right * 10_i128.pow(18 - right_scale)));
            prop_assert_eq!(a.cmp(&b), expected);
            prop_assert_eq!(a == b, expected.is_eq());
        }

        #[test]
        fn shown_number_parses_to_itself(digits in "[0-9]{1,40}", exponent in -60..60, negative: bool) {
            let read = number(&format!("{}{digits}e{exponent}", if negative { "-" } else { "" }));
            prop_assert_eq!(number(&read.to_string()), read);
        }

        #[test]
        fn floats_survive_a_round_trip(float in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO) {
            let exact = Number::try_from(float).expect("not NaN");
            prop_assert_eq!(exact.as_f64(), float);
            prop_assert_eq!(exact.to_exact_f64(), Some(float));
        }

        #[test]
        fn any_text_is_parsed_or_refused(text in "[-+.eE0-9]{0,24}|.{0,12}") {
            if let Ok(read) = text.parse::<Number>() {
                prop_assert_eq!(number(&read.to_string()), read);
            }
        }
    }
}
