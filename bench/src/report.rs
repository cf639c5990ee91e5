//! The tables, printed row by row.

use std::process::Command;

use crate::Result;
use crate::measure::PerSeat;
use crate::settings::Settings;
use crate::sleeping::{Figures, REQUESTS};
use crate::stats::{Samples, geometric_mean};
use crate::workload::Workload;

/// What was measured of one workload.
pub struct Row {
    /// The workload.
    pub workload: &'static Workload,
    /// Instructions per request.
    pub instructions: PerSeat,
    /// CPU time per request, in microseconds.
    pub cpu: PerSeat,
}

/// Prints what is compared.
pub fn introduce(settings: &Settings) -> Result<()> {
    println!();
    println!("{}, one worker, runs: {}", version(settings)?, settings.runs);
    for seat in &settings.seats[1..] {
        let modules: Vec<_> = seat.modules.iter().map(|file| file.to_string_lossy()).collect();
        println!("{:<8}  {}", seat.name, modules.join(" "));
    }
    Ok(())
}

/// The table so far.
pub struct Table {
    runs: usize,
    instruction_ratios: Vec<f64>,
    cpu_ratios: Vec<f64>,
    failures: usize,
}

impl Table {
    /// Prints the head of the table.
    pub fn new(settings: &Settings) -> Table {
        println!();
        println!(
            "{:13} {:^45}   {:^34}",
            "", "instructions per request, net of nginx", "CPU time per request, µs"
        );
        let [nginx, a, b] = settings.seats.each_ref().map(|seat| seat.name);
        line(["workload", a, b, "ratio", "target", "spread", a, b, nginx, "ratio"]);
        Table {
            runs: settings.runs,
            instruction_ratios: Vec::new(),
            cpu_ratios: Vec::new(),
            failures: 0,
        }
    }

    /// Adds a row.
    pub fn row(&mut self, row: Row) {
        let [nginx, a, b] = row.instructions.each_ref().map(Samples::median);
        let [_, range_a, range_b] = row.instructions.each_ref().map(Samples::range);
        let (net_a, net_b) = (a - nginx, b - nginx);
        let ratio = net_b / net_a;
        let spread = match self.runs {
            1 => "-".to_owned(),
            _ => format!("{:.1}%", 100.0 * (range_a / net_a + range_b / net_b)),
        };
        let [cpu_nginx, cpu_a, cpu_b] = row.cpu.each_ref().map(Samples::median);
        let cpu_ratio = cpu_b / cpu_a;
        line([
            row.workload.name,
            &thousands(net_a),
            &thousands(net_b),
            &format!("{ratio:.2}"),
            &format!("≤ {:.2}", row.workload.target),
            &spread,
            &format!("{cpu_a:.1}"),
            &format!("{cpu_b:.1}"),
            &format!("{cpu_nginx:.1}"),
            &format!("{cpu_ratio:.2}"),
        ]);
        self.instruction_ratios.push(ratio);
        self.cpu_ratios.push(cpu_ratio);
    }

    /// Adds a row without figures.
    pub fn failure(&mut self, workload: &Workload, message: &str) {
        println!("{:13} not measured: {}", workload.name, message.trim_end());
        self.failures += 1;
    }

    /// Prints the foot; returns whether all rows have figures.
    pub fn finish(self) -> bool {
        let mean = |ratios: &[f64]| {
            geometric_mean(ratios).map_or("-".to_owned(), |mean| format!("{mean:.2}"))
        };
        let instructions = mean(&self.instruction_ratios);
        let cpu = mean(&self.cpu_ratios);
        line(["geom. mean", "", "", &instructions, "", "", "", "", "", &cpu]);
        self.failures == 0
    }
}

/// Prints the table of requests that sleep.
pub fn sleeping(settings: &Settings, figures: &Figures) {
    let [nginx, a, b] = settings.seats.each_ref().map(|seat| seat.name);
    println!();
    println!(
        "{} requests sleep at the same time; each, with nginx's part:",
        thousands(REQUESTS as f64)
    );
    println!("{:13} {a:>9} {b:>9} {nginx:>9} {:>9} {:>7}", "", "net ratio", "ratio");
    for (name, figure) in [
        ("bytes", &figures.memory),
        ("instructions", &figures.instructions),
        ("CPU time, µs", &figures.cpu),
    ] {
        let [nginx, a, b] = figure.each_ref().map(Samples::median);
        let show =
            |value: f64| if value < 1000.0 { format!("{value:.1}") } else { thousands(value) };
        println!(
            "{name:13} {:>9} {:>9} {:>9} {:>9.2} {:>7.2}",
            show(a),
            show(b),
            show(nginx),
            (b - nginx) / (a - nginx),
            b / a
        );
    }
}

fn line([name, a, b, ratio, target, spread, cpu_a, cpu_b, cpu_nginx, cpu_ratio]: [&str; 10]) {
    println!(
        "{name:13} {a:>9} {b:>9} {ratio:>7} {target:>8} {spread:>8}   \
         {cpu_a:>9} {cpu_b:>9} {cpu_nginx:>6} {cpu_ratio:>7}"
    );
}

fn version(settings: &Settings) -> Result<String> {
    let output = Command::new(&settings.nginx)
        .arg("-v")
        .output()
        .map_err(|e| format!("{} does not run: {e}", settings.nginx.display()))?;
    let text = String::from_utf8_lossy(&output.stderr);
    Ok(text.trim().trim_start_matches("nginx version: ").to_owned())
}

fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        assert_eq!(thousands(0.4), "0");
        assert_eq!(thousands(999.0), "999");
        assert_eq!(thousands(1000.0), "1,000");
        assert_eq!(thousands(-123456.0), "-123,456");
        assert_eq!(thousands(1234567.0), "1,234,567");
    }
}
