//! Whatever a server sends is read or refused, and a lookup goes on with it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nginx_lua_resolve::{
    Action, Config, Families, Lookup, Name, Transport, Type, push_query, read,
};

const ID: u16 = 7;

fuzz_target!(|input: (bool, u16, u16, u16, &[u8])| {
    let (v6, flags, answers, authorities, records) = input;
    let name = Name::from_text(b"x.example").unwrap();
    let (kind, families) = if v6 { (Type::Aaaa, Families::V6) } else { (Type::A, Families::V4) };

    let mut message = Vec::new();
    push_query(&mut message, ID, &name, kind, None);
    message[2..4].copy_from_slice(&flags.to_be_bytes());
    message[6..8].copy_from_slice(&answers.to_be_bytes());
    message[8..10].copy_from_slice(&authorities.to_be_bytes());
    message.extend(records);

    let answer = read(&message, ID, &name, kind);
    if let Ok(answer) = &answer {
        assert!(answer.addresses.len() <= usize::from(answers));
        assert!(answer.addresses.iter().all(|address| address.is_ipv6() == v6));
    }
    let _ = read(records, ID, &name, kind);

    let mut lookup = Lookup::new(&Config::default(), b"x.example", families, 0);
    let Action::Send(query) = lookup.poll(0, &mut || ID) else { unreachable!() };
    let expected = lookup.receive(query.server, Transport::Udp, &message);
    assert_eq!(expected, answer != Err(nginx_lua_resolve::Rejected::Foreign));
    let _ = lookup.poll(1, &mut || ID);
});
