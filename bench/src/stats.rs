//! Medians and means.

/// The figures that the runs gave for one seat.
pub struct Samples(Vec<f64>);

impl Samples {
    /// `values` has at least one.
    pub fn new(mut values: Vec<f64>) -> Samples {
        assert!(!values.is_empty(), "there is at least one run");
        values.sort_by(f64::total_cmp);
        Samples(values)
    }

    /// The middle one, or the mean of the middle two.
    pub fn median(&self) -> f64 {
        let middle = self.0.len() / 2;
        if self.0.len() % 2 == 1 {
            self.0[middle]
        } else {
            (self.0[middle - 1] + self.0[middle]) / 2.0
        }
    }

    /// From the lowest to the highest.
    pub fn range(&self) -> f64 {
        self.0[self.0.len() - 1] - self.0[0]
    }
}

/// The geometric mean: a half and a double cancel. `None` of nothing.
pub fn geometric_mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let logarithms: f64 = values.iter().map(|value| value.ln()).sum();
    Some((logarithms / values.len() as f64).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_is_in_the_middle() {
        assert_eq!(Samples::new(vec![9.0, 1.0, 2.0]).median(), 2.0);
        assert_eq!(Samples::new(vec![4.0, 1.0, 2.0, 9.0]).median(), 3.0);
    }

    #[test]
    fn geometric_mean_of_half_and_double_is_one() {
        assert_eq!(geometric_mean(&[0.5, 2.0]), Some(1.0));
        assert_eq!(geometric_mean(&[]), None);
    }
}
