//! Dates of HTTP, as nginx writes them. Years have four digits: time ends with
//! the year 9999, and it begins with 1970.

const LAST_DAY: i64 = 2_932_896;
const SECONDS: i64 = 86_400;

/// The length of [`http_date`].
pub const HTTP_DATE: usize = 29;
/// The greatest length of [`cookie_date`].
pub const COOKIE_DATE: usize = 29;
/// The length of [`timestamp`].
pub const TIMESTAMP: usize = 19;

const WEEKDAYS: [&[u8; 3]; 7] = [b"Sun", b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat"];
const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// A moment of the Gregorian calendar.
struct Moment {
    year: u32,
    /// From 0.
    month: usize,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    /// From 0, which is Sunday.
    weekday: usize,
}

impl Moment {
    /// `seconds` since the beginning of 1970, UTC.
    fn new(seconds: i64) -> Self {
        let seconds = seconds.clamp(0, LAST_DAY * SECONDS + SECONDS - 1);
        let days = (seconds / SECONDS) as u32;
        let second = (seconds % SECONDS) as u32;

        // Years that begin with March have their odd day at the end, and month
        // lengths that a line gives: days before month m are (153 m + 2) / 5.
        let shifted = days + 719_468;
        let era = shifted / 146_097;
        let of_era = shifted % 146_097;
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let january_begins = month >= 10;

        Self {
            year: era * 400 + year + u32::from(january_begins),
            month: (if january_begins { month - 10 } else { month + 2 }) as usize,
            day: of_year - (153 * month + 2) / 5 + 1,
            hour: second / 3600,
            minute: second / 60 % 60,
            second: second % 60,
            weekday: ((days + 4) % 7) as usize,
        }
    }
}

/// `Thu, 18 Nov 2010 11:27:35 GMT`
pub fn http_date(seconds: i64) -> [u8; HTTP_DATE] {
    let moment = Moment::new(seconds);
    let mut out = *b"xxx, 00 xxx 0000 00:00:00 GMT";
    out[..3].copy_from_slice(WEEKDAYS[moment.weekday]);
    two_digits(&mut out[5..], moment.day);
    out[8..11].copy_from_slice(MONTHS[moment.month]);
    four_digits(&mut out[12..], moment.year);
    clock(&mut out[17..], &moment);
    out
}

/// `Thu, 18-Nov-10 11:27:35 GMT`, from 2038 on `Fri, 01-Jan-2038 00:00:00 GMT`:
/// the oldest browsers read 38 as 1938. Gives the text and its length.
pub fn cookie_date(seconds: i64) -> ([u8; COOKIE_DATE], usize) {
    let moment = Moment::new(seconds);
    let mut out = *b"xxx, 00-xxx-0000 00:00:00 GMT";
    out[..3].copy_from_slice(WEEKDAYS[moment.weekday]);
    two_digits(&mut out[5..], moment.day);
    out[8..11].copy_from_slice(MONTHS[moment.month]);
    if moment.year > 2037 {
        four_digits(&mut out[12..], moment.year);
        clock(&mut out[17..], &moment);
        return (out, COOKIE_DATE);
    }
    two_digits(&mut out[12..], moment.year % 100);
    out[14..27].copy_from_slice(b" 00:00:00 GMT");
    clock(&mut out[15..], &moment);
    (out, COOKIE_DATE - 2)
}

/// `2010-11-18 11:27:35`
pub fn timestamp(seconds: i64) -> [u8; TIMESTAMP] {
    let moment = Moment::new(seconds);
    let mut out = *b"0000-00-00 00:00:00";
    four_digits(&mut out, moment.year);
    two_digits(&mut out[5..], moment.month as u32 + 1);
    two_digits(&mut out[8..], moment.day);
    clock(&mut out[11..], &moment);
    out
}

fn clock(out: &mut [u8], moment: &Moment) {
    two_digits(out, moment.hour);
    two_digits(&mut out[3..], moment.minute);
    two_digits(&mut out[6..], moment.second);
}

fn four_digits(out: &mut [u8], number: u32) {
    two_digits(out, number / 100);
    two_digits(&mut out[2..], number % 100);
}

fn two_digits(out: &mut [u8], number: u32) {
    out[0] = b'0' + (number / 10) as u8;
    out[1] = b'0' + (number % 10) as u8;
}

#[cfg(test)]
mod tests;
