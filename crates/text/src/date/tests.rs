use proptest::prelude::*;

use super::*;

fn http(seconds: i64) -> String {
    String::from_utf8(http_date(seconds).to_vec()).unwrap()
}

fn cookie(seconds: i64) -> String {
    let (text, len) = cookie_date(seconds);
    String::from_utf8(text[..len].to_vec()).unwrap()
}

fn stamp(seconds: i64) -> String {
    String::from_utf8(timestamp(seconds).to_vec()).unwrap()
}

#[test]
fn forms() {
    assert_eq!(http(1_290_079_655), "Thu, 18 Nov 2010 11:27:35 GMT");
    assert_eq!(cookie(1_290_079_655), "Thu, 18-Nov-10 11:27:35 GMT");
    assert_eq!(stamp(1_290_079_655), "2010-11-18 11:27:35");
}

#[test]
fn ends_of_years() {
    assert_eq!(http(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_eq!(http(951_782_400), "Tue, 29 Feb 2000 00:00:00 GMT");
    assert_eq!(http(951_868_800), "Wed, 01 Mar 2000 00:00:00 GMT");
    assert_eq!(http(1_709_164_800), "Thu, 29 Feb 2024 00:00:00 GMT");
    assert_eq!(http(1_735_689_599), "Tue, 31 Dec 2024 23:59:59 GMT");
    assert_eq!(http(4_107_542_400), "Mon, 01 Mar 2100 00:00:00 GMT");
}

#[test]
fn years_of_cookies_have_four_digits_from_2038() {
    assert_eq!(cookie(2_145_916_799), "Thu, 31-Dec-37 23:59:59 GMT");
    assert_eq!(cookie(2_145_916_800), "Fri, 01-Jan-2038 00:00:00 GMT");
    assert_eq!(cookie(0), "Thu, 01-Jan-70 00:00:00 GMT");
}

#[test]
fn time_has_a_beginning_and_an_end() {
    assert_eq!(http(-1), http(0));
    assert_eq!(http(i64::MIN), http(0));
    assert_eq!(http(253_402_300_799), "Fri, 31 Dec 9999 23:59:59 GMT");
    assert_eq!(http(253_402_300_800), http(253_402_300_799));
    assert_eq!(http(i64::MAX), http(253_402_300_799));
}

/// The calendar, counted day by day.
#[test]
fn every_day() {
    let (mut year, mut month, mut day) = (1970, 1, 1);
    for days in 0..=LAST_DAY {
        let moment = Moment::new(days * SECONDS);
        assert_eq!((moment.year, moment.month + 1, moment.day), (year, month, day));
        assert_eq!(moment.weekday as i64, (days + 4) % 7);

        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let last = match month {
            2 => 28 + u32::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        day += 1;
        if day > last {
            (day, month) = (1, month + 1);
        }
        if month > 12 {
            (month, year) = (1, year + 1);
        }
    }
    assert_eq!((year, month, day), (10_000, 1, 1));
}

proptest! {
    #[test]
    fn the_clock(seconds in 0..SECONDS, day in 0..LAST_DAY) {
        let expected = format!(
            "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60
        );
        prop_assert_eq!(&stamp(day * SECONDS + seconds)[11..], expected);
    }
}
