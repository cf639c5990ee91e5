//! Certificates and private keys, as OpenSSL's objects.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr::{self, NonNull};

use crate::sys::openssl::{OpenSsl, openssl};
use crate::sys::*;

/// What went wrong: the name of the function of OpenSSL.
type Failure = &'static str;

/// A certificate with the intermediate ones that belong to it.
pub(crate) struct Certificates {
    library: &'static OpenSsl,
    /// A stack of `X509`, the certificate itself first.
    stack: NonNull<OPENSSL_STACK>,
}

impl Certificates {
    pub(crate) fn from_pem(pem: &[u8]) -> Result<Self, Failure> {
        let mut source = Source::new(pem)?;
        let mut chain = Self::empty(source.library)?;
        chain.push(source.first_pem()?)?;
        while let Some(certificate) = source.next_pem()? {
            chain.push(certificate)?;
        }
        Ok(chain)
    }

    pub(crate) fn from_der(der: &[u8]) -> Result<Self, Failure> {
        let source = Source::new(der)?;
        let mut chain = Self::empty(source.library)?;
        chain.push(source.der().ok_or("d2i_X509_bio() failed")?)?;
        while !source.is_at_end() {
            chain.push(source.der().ok_or("d2i_X509_bio() failed")?)?;
        }
        Ok(chain)
    }

    fn empty(library: &'static OpenSsl) -> Result<Self, Failure> {
        // SAFETY: no arguments.
        let stack = NonNull::new(unsafe { library.OPENSSL_sk_new_null() });
        stack.map(|stack| Self { library, stack }).ok_or("sk_X509_new_null() failed")
    }

    fn push(&mut self, certificate: Certificate) -> Result<(), Failure> {
        // SAFETY: the stack takes the certificate over.
        match unsafe { self.library.OPENSSL_sk_push(self.stack.as_ptr(), certificate.as_ptr()) } {
            0 => Err("sk_X509_push() failed"),
            _ => {
                core::mem::forget(certificate);
                Ok(())
            }
        }
    }

    /// The encodings one after the other.
    pub(crate) fn to_der(&self) -> Result<Vec<u8>, Failure> {
        let mut der = Vec::new();
        for certificate in self.iter() {
            // SAFETY: the certificate is live; i2d writes as much as it said.
            let encoded =
                unsafe { encode(&mut der, |out| self.library.i2d_X509(certificate.as_ptr(), out)) };
            encoded.ok_or("i2d_X509() failed")?;
        }
        Ok(der)
    }

    /// The certificates, that of the owner first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = NonNull<X509>> {
        let stack = self.stack.as_ptr();
        // SAFETY: the stack is live, and has certificates.
        let count = unsafe { self.library.OPENSSL_sk_num(stack) };
        (0..count).filter_map(move |i| {
            // SAFETY: as above.
            NonNull::new(unsafe { self.library.OPENSSL_sk_value(stack, i) }.cast())
        })
    }

    pub(crate) fn into_raw(self) -> *mut c_void {
        let stack = self.stack.as_ptr();
        core::mem::forget(self);
        stack.cast()
    }

    /// # Safety
    /// The pointer is null or to a stack of certificates, which this takes over.
    pub(crate) unsafe fn from_raw(stack: *mut c_void) -> Option<Self> {
        Some(Self { library: openssl().ok()?, stack: NonNull::new(stack.cast())? })
    }
}

impl Drop for Certificates {
    fn drop(&mut self) {
        unsafe extern "C" fn free(certificate: *mut c_void) {
            if let Ok(library) = openssl() {
                // SAFETY: an element of a stack of certificates.
                unsafe { library.X509_free(certificate.cast()) };
            }
        }
        // SAFETY: the stack is ours.
        unsafe { self.library.OPENSSL_sk_pop_free(self.stack.as_ptr(), Some(free)) }
    }
}

/// One certificate that is ours.
struct Certificate {
    library: &'static OpenSsl,
    x509: NonNull<X509>,
}

impl Certificate {
    fn as_ptr(&self) -> *const c_void {
        self.x509.as_ptr().cast()
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        // SAFETY: it is ours.
        unsafe { self.library.X509_free(self.x509.as_ptr()) }
    }
}

/// A private key.
pub(crate) struct PrivateKey {
    library: &'static OpenSsl,
    key: NonNull<EVP_PKEY>,
}

impl PrivateKey {
    /// Reads a key, one that is encrypted with the passphrase.
    pub(crate) fn from_pem(pem: &[u8], passphrase: Option<&[u8]>) -> Result<Self, Failure> {
        let source = Source::new(pem)?;
        let mut passphrase = passphrase.unwrap_or_default();
        let data = (&raw mut passphrase).cast();
        // SAFETY: `tell_passphrase` gets the address of a slice that is alive.
        let key = unsafe {
            let bio = source.bio.as_ptr();
            source.library.PEM_read_bio_PrivateKey(
                bio,
                ptr::null_mut(),
                Some(tell_passphrase),
                data,
            )
        };
        source.key(key).ok_or("PEM_read_bio_PrivateKey() failed")
    }

    pub(crate) fn from_der(der: &[u8]) -> Result<Self, Failure> {
        let source = Source::new(der)?;
        // SAFETY: the source is live.
        let key =
            unsafe { source.library.d2i_PrivateKey_bio(source.bio.as_ptr(), ptr::null_mut()) };
        source.key(key).ok_or("d2i_PrivateKey_bio() failed")
    }

    pub(crate) fn to_der(&self) -> Result<Vec<u8>, Failure> {
        let mut der = Vec::new();
        // SAFETY: the key is live; i2d writes as much as it said.
        let encoded =
            unsafe { encode(&mut der, |out| self.library.i2d_PrivateKey(self.key.as_ptr(), out)) };
        encoded.map(|()| der).ok_or("i2d_PrivateKey() failed")
    }

    pub(crate) fn into_raw(self) -> *mut c_void {
        let key = self.key.as_ptr();
        core::mem::forget(self);
        key.cast()
    }

    /// # Safety
    /// The pointer comes from [`into_raw`](Self::into_raw).
    pub(crate) unsafe fn from_raw(key: *mut c_void) -> Option<Self> {
        Some(Self { library: openssl().ok()?, key: NonNull::new(key.cast())? })
    }
}

impl Drop for PrivateKey {
    fn drop(&mut self) {
        // SAFETY: the key is ours.
        unsafe { self.library.EVP_PKEY_free(self.key.as_ptr()) }
    }
}

/// Answers OpenSSL's question for a passphrase; without this it would ask at the
/// terminal.
unsafe extern "C" fn tell_passphrase(
    buffer: *mut c_char,
    size: c_int,
    _writing: c_int,
    data: *mut c_void,
) -> c_int {
    // SAFETY: `from_pem` passes a slice; OpenSSL, room for `size` bytes.
    unsafe {
        let passphrase = *data.cast::<&[u8]>();
        if passphrase.len() > usize::try_from(size).unwrap_or(0) {
            return -1;
        }
        buffer.cast::<u8>().copy_from_nonoverlapping(passphrase.as_ptr(), passphrase.len());
        passphrase.len() as c_int
    }
}

/// Bytes that OpenSSL reads. What it fails with does not stay in its list of errors,
/// where nginx would find it.
struct Source<'a> {
    library: &'static OpenSsl,
    bio: NonNull<BIO>,
    _bytes: core::marker::PhantomData<&'a [u8]>,
}

impl<'a> Source<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self, Failure> {
        let library = openssl()?;
        let len = c_int::try_from(bytes.len()).map_err(|_| "BIO_new_mem_buf() failed")?;
        // SAFETY: OpenSSL only reads the bytes, which live as long as the source.
        let bio = NonNull::new(unsafe { library.BIO_new_mem_buf(bytes.as_ptr().cast(), len) });
        let bio = bio.ok_or("BIO_new_mem_buf() failed")?;
        Ok(Self { library, bio, _bytes: core::marker::PhantomData })
    }

    /// The first certificate, which may have extra information of OpenSSL's.
    fn first_pem(&mut self) -> Result<Certificate, Failure> {
        // SAFETY: the source is live.
        let x509 = unsafe {
            let bio = self.bio.as_ptr();
            self.library.PEM_read_bio_X509_AUX(bio, ptr::null_mut(), None, ptr::null_mut())
        };
        self.certificate(x509).ok_or("PEM_read_bio_X509_AUX() failed")
    }

    fn next_pem(&mut self) -> Result<Option<Certificate>, Failure> {
        // SAFETY: the source is live.
        let x509 = unsafe {
            let bio = self.bio.as_ptr();
            self.library.PEM_read_bio_X509(bio, ptr::null_mut(), None, ptr::null_mut())
        };
        if let Some(certificate) = self.certificate(x509) {
            return Ok(Some(certificate));
        }
        // Where the reason stands in the number of an error differs between versions.
        // SAFETY: the text of a reason is a static one.
        let at_end = unsafe {
            let reason = self.library.ERR_reason_error_string(self.library.ERR_peek_last_error());
            !reason.is_null() && CStr::from_ptr(reason) == c"no start line"
        };
        if at_end { Ok(None) } else { Err("PEM_read_bio_X509() failed") }
    }

    fn der(&self) -> Option<Certificate> {
        // SAFETY: the source is live.
        let x509 = unsafe { self.library.d2i_X509_bio(self.bio.as_ptr(), ptr::null_mut()) };
        self.certificate(x509)
    }

    fn is_at_end(&self) -> bool {
        // SAFETY: the source is live.
        unsafe {
            let bio = self.bio.as_ptr();
            self.library.BIO_ctrl(bio, BIO_CTRL_EOF as c_int, 0, ptr::null_mut()) != 0
        }
    }

    fn certificate(&self, x509: *mut X509) -> Option<Certificate> {
        NonNull::new(x509).map(|x509| Certificate { library: self.library, x509 })
    }

    fn key(&self, key: *mut EVP_PKEY) -> Option<PrivateKey> {
        NonNull::new(key).map(|key| PrivateKey { library: self.library, key })
    }
}

impl Drop for Source<'_> {
    fn drop(&mut self) {
        // SAFETY: the source is ours.
        unsafe {
            self.library.BIO_free(self.bio.as_ptr());
            self.library.ERR_clear_error();
        }
    }
}

/// Appends what an `i2d_…` function writes.
///
/// # Safety
/// `write` returns how much it writes, without writing it if it gets null.
unsafe fn encode(out: &mut Vec<u8>, write: impl Fn(*mut *mut u8) -> c_int) -> Option<()> {
    let len = usize::try_from(write(ptr::null_mut())).ok().filter(|len| *len > 0)?;
    out.reserve(len);
    let mut end = out.spare_capacity_mut().as_mut_ptr().cast::<u8>();
    if write(&raw mut end) != len as c_int {
        return None;
    }
    // SAFETY: the caller's promise.
    unsafe { out.set_len(out.len() + len) };
    Some(())
}
