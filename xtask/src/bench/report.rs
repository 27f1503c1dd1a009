//! From samples to Markdown: medians with their spread, and ratios taken pair by pair.

use std::fmt::Write as _;

/// One thing that is measured, as a row of the tables.
#[derive(Clone, Copy)]
pub(super) struct Figure {
    pub(super) name: &'static str,
    /// Is more of it better?
    pub(super) rising: bool,
}

/// The samples of one figure: by command, then by round. A round without one has `NaN`.
pub(super) type Samples = Vec<Vec<f64>>;

/// The value below which `share` of the samples lie, by nearest rank.
pub(super) fn percentile(samples: &mut [f64], share: f64) -> f64 {
    samples.sort_by(f64::total_cmp);
    let rank = (samples.len() as f64 * share).ceil() as usize;
    let index = rank.max(1) - 1;
    samples.get(index).copied().unwrap_or(f64::NAN)
}

/// The median, and the mean of the two in the middle if there is none.
pub(super) fn median(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    let middle = samples.len() / 2;
    match samples.split_at(middle) {
        ([.., low], [high, ..]) if samples.len().is_multiple_of(2) => f64::midpoint(*low, *high),
        (_, [value, ..]) => *value,
        _ => f64::NAN,
    }
}

fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100_000.0 => format!("{:.0} k", value / 1000.0),
        size if size >= 10_000.0 => format!("{:.1} k", value / 1000.0),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// `median (min–max)`.
pub(super) fn spread(samples: &[f64]) -> String {
    let mut known: Vec<f64> = samples.iter().copied().filter(|x| x.is_finite()).collect();
    let middle = median(&mut known);
    let (Some(least), Some(most)) = (known.first(), known.last()) else {
        return "–".to_owned();
    };
    format!("{} ({}–{})", number(middle), number(*least), number(*most))
}

fn row(table: &mut String, cells: impl IntoIterator<Item = String>) {
    for cell in cells {
        let _infallible = write!(table, "| {cell} ");
    }
    table.push_str("|\n");
}

fn header(table: &mut String, labels: &[String]) {
    row(table, labels.iter().cloned());
    let dashes = labels.iter().map(|_| "---".to_owned());
    row(table, dashes);
}

/// A row a figure, a column a command.
pub(super) fn figures(labels: &[&str], rows: &[(Figure, Samples)]) -> String {
    let mut table = String::new();
    let mut head = vec!["figure".to_owned()];
    head.extend(labels.iter().map(|label| (*label).to_owned()));
    header(&mut table, &head);
    for (figure, samples) in rows {
        let cells = samples.iter().map(|samples| spread(samples));
        row(
            &mut table,
            std::iter::once(figure.name.to_owned()).chain(cells),
        );
    }
    table
}

/// A row a figure, a column a peer: the first command's figure over the peer's, round by round.
pub(super) fn ratios(labels: &[&str], rows: &[(Figure, Samples)]) -> String {
    let mut table = String::new();
    let [ours, peers @ ..] = labels else {
        return table;
    };
    let mut head = vec!["figure".to_owned()];
    head.extend(peers.iter().map(|peer| format!("{ours} / {peer}")));
    head.push("better".to_owned());
    header(&mut table, &head);
    for (figure, samples) in rows {
        let [ours, peers @ ..] = samples.as_slice() else {
            continue;
        };
        let mut cells = vec![figure.name.to_owned()];
        for peer in peers {
            let pairs: Vec<f64> = ours.iter().zip(peer).map(|(a, b)| a / b).collect();
            cells.push(spread(&pairs));
        }
        cells.push(if figure.rising { "above 1" } else { "below 1" }.to_owned());
        row(&mut table, cells);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_percentiles_and_spreads() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(&mut []).is_nan());
        let mut samples: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!(percentile(&mut samples, 0.5), 100.0);
        assert_eq!(percentile(&mut samples, 0.99), 198.0);
        assert_eq!(spread(&[f64::NAN]), "–");
        assert_eq!(spread(&[1.0, 12.0, 123_456.0]), "12.0 (1.00–123 k)");
    }

    #[test]
    fn a_ratio_is_taken_round_by_round() {
        let figure = Figure {
            name: "speed",
            rising: true,
        };
        let rows = [(figure, vec![vec![1.0, 4.0, 9.0], vec![1.0, 2.0, 3.0]])];
        let table = ratios(&["ours", "peer"], &rows);
        assert!(table.contains("| speed | 2.00 (1.00–3.00) | above 1 |"));
    }
}
