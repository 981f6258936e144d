//! Node's `crypto`: tables of facts, and what hostile functions try with it.

use crate::{
    check::{Call, Code, TRACK, delivers, exceeds_memory},
    facts,
    poison::POISON,
};

#[test]
fn hashes_and_randomness_do_what_nodes_do() {
    facts::hold(include_str!("facts/crypto.txt"));
}

#[test]
fn ciphers_do_what_nodes_do() {
    facts::hold(include_str!("facts/crypto_ciphers.txt"));
}

#[test]
fn derivation_of_keys_does_what_nodes_does() {
    facts::hold(include_str!("facts/crypto_keys.txt"));
}

#[test]
fn keys_and_signatures_do_what_nodes_do() {
    facts::hold_in_parts(include_str!("facts/crypto_sign.txt"), 20);
}

#[test]
fn encryption_secrets_and_pairs_do_what_nodes_do() {
    facts::hold_in_parts(include_str!("facts/crypto_pairs.txt"), 20);
}

#[test]
fn the_crypto_of_the_web_does_what_nodes_does() {
    facts::hold_in_parts(include_str!("facts/webcrypto.txt"), 20);
}

#[test]
fn the_global_is_the_module() {
    delivers(
        "function onTrack() { return { same: crypto === require('crypto') && crypto === require('node:crypto') } }",
        TRACK,
        r#"{"same":true}"#,
    );
}

#[test]
fn crypto_works_whatever_was_done_to_the_globals() {
    let source = format!(
        "{POISON}
        async function onTrack() {{
          const hex = bytes => bytes.toString('hex'), key = Buffer.alloc(16), iv = Buffer.alloc(12)
          const sealing = crypto.createCipheriv('aes-128-gcm', key, iv)
          sealing.setAAD(iv)
          const sealed = sealing.update('text', 'utf8', 'hex') + sealing.final('hex')
          const opening = crypto.createDecipheriv('aes-128-gcm', key, iv)
          opening.setAAD(iv); opening.setAuthTag(sealing.getAuthTag())
          const cbc = crypto.createCipheriv('aes-256-cbc', Buffer.alloc(32), Buffer.alloc(16))
          let code, fill, later = 0
          try {{ crypto.createHmac('nope', 'k') }} catch (error) {{ code = error.code }}
          try {{ crypto.createDecipheriv('aes-128-cbc', key, key).final() }} catch (error) {{ fill = error.reason }}
          crypto.randomBytes(5, (error, bytes) => {{ later = bytes.byteLength }})
          return {{ md5: crypto.createHash('md5').update('a').copy().digest('hex'), short: crypto.hash('sha1', 'a', 'base64'),
            mac: crypto.createHmac('sha256', 'k').update('a').digest('base64'), sealed, opened: opening.update(sealed, 'hex', 'utf8') + opening.final('utf8'),
            cbc: cbc.update('text', 'utf8', 'hex') + cbc.final('hex'), code, fill,
            pbkdf2: hex(crypto.pbkdf2Sync('p', 's', 2000, 4, 'sha1')), scrypt: hex(crypto.scryptSync('', '', 4, {{ N: 16, r: 1 }})),
            hkdf: crypto.hkdfSync('sha256', 'k', 's', 'i', 5) !== null, uuid: crypto.randomUUID().length, number: crypto.randomInt(1),
            random: crypto.randomBytes(3)[2] >= 0, values: crypto.getRandomValues(Buffer.alloc(2))[1] >= 0, jwk: crypto.createSecretKey('a').export({{ format: 'jwk' }}).k,
            hashes: typeof crypto.getHashes()[9], info: crypto.getCipherInfo('aes256').nid, same: crypto.timingSafeEqual(key, Buffer.alloc(16)) }}
        }}"
    );
    delivers(
        &source,
        TRACK,
        r#"{"md5":"0cc175b9c0f1b6a831c399e269772661","short":"hvfkN/qlp/zhXR3cuerq6jd2Z7g=",
            "mac":"eNqRUR5nVYf1ud94vt669VYNoqu4gWLuh13N90SVHZ4=","sealed":"77eda2ba","opened":"text","cbc":"9187aaf7ac9d04032054f801f335f5b6","code":"ERR_CRYPTO_INVALID_DIGEST",
            "fill":"wrong final block length","pbkdf2":"daad78b4","scrypt":"77d65762","hkdf":true,"uuid":36,"number":0,"random":true,"values":true,
            "jwk":"YQ","hashes":"string","info":427,"same":true}"#,
    );
}

#[test]
fn keys_work_whatever_was_done_to_the_globals() {
    let source = format!(
        "{POISON}
        async function onTrack() {{
          const found = {{ __proto__: null }}, {{ subtle }} = crypto, data = Buffer.from('abc')
          const pem = {{ __proto__: null, type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' }}, jwk = {{ __proto__: null, format: 'jwk' }}
          const rsa = crypto.generateKeyPairSync('rsa', {{ __proto__: null, modulusLength: 1024 }})
          const ec = crypto.generateKeyPairSync('ec', {{ __proto__: null, namedCurve: 'P-256' }})
          const signing = crypto.createSign('sha256'), verifying = crypto.createVerify('sha256')
          signing.update('abc'); verifying.update('abc')
          found.rsa = verifying.verify(rsa.publicKey, signing.sign(rsa.privateKey))
          found.pss = crypto.verify('sha256', data, {{ __proto__: null, key: rsa.publicKey, padding: 6 }}, crypto.sign('sha256', data, {{ __proto__: null, key: rsa.privateKey, padding: 6 }}))
          found.ec = crypto.verify('sha256', data, ec.publicKey, crypto.sign('sha256', data, ec.privateKey))
          found.opened = crypto.privateDecrypt(rsa.privateKey, crypto.publicEncrypt(rsa.publicKey, data))[0]
          found.pem = crypto.createPrivateKey({{ __proto__: null, key: rsa.privateKey.export(pem), passphrase: 'x' }}).equals(rsa.privateKey)
          found.jwk = crypto.createPrivateKey({{ __proto__: null, key: ec.privateKey.export(jwk), format: 'jwk' }}).equals(ec.privateKey)
          const left = crypto.createECDH('prime256v1'), right = crypto.createECDH('prime256v1')
          found.ecdh = left.generateKeys()[0] === 4 && right.computeSecret === left.computeSecret && left.computeSecret(right.generateKeys())[31] >= 0
          try {{ crypto.createPrivateKey('nope') }} catch (error) {{ found.code = error.code }}
          const algorithm = {{ __proto__: null, name: 'AES-GCM', iv: Buffer.alloc(12) }}, pss = {{ __proto__: null, name: 'RSA-PSS', hash: 'SHA-256', saltLength: 8 }}
          const usages = name => {{ const list = [name]; return list }}
          const key = await subtle.importKey('raw', Buffer.alloc(16), 'AES-GCM', true, ['encrypt', 'decrypt'])
          found.gcm = (await subtle.decrypt(algorithm, key, await subtle.encrypt(algorithm, key, data))).constructor !== undefined
          const signer = await subtle.importKey('pkcs8', rsa.privateKey.export({{ __proto__: null, type: 'pkcs8', format: 'der' }}), pss, true, usages('sign'))
          const verifier = await subtle.importKey('spki', rsa.publicKey.export({{ __proto__: null, type: 'spki', format: 'der' }}), pss, true, usages('verify'))
          found.subtle = await subtle.verify(pss, verifier, await subtle.sign(pss, signer, data), data)
          found.exported = (await subtle.exportKey('jwk', signer)).alg
          try {{ await subtle.importKey('raw', Buffer.alloc(3), 'AES-GCM', true, usages('encrypt')) }} catch (error) {{ found.refused = error.name }}
          return {{ __proto__: null, found }}
        }}"
    );
    delivers(
        &source,
        TRACK,
        r#"{"found":{"rsa":true,"pss":true,"ec":true,"opened":97,"pem":true,"jwk":true,"ecdh":true,"code":"ERR_OSSL_UNSUPPORTED","gcm":true,
            "subtle":true,"exported":"PS256","refused":"DataError"}}"#,
    );
}

#[test]
fn what_is_large_or_deep_is_refused_or_bounded() {
    delivers(
        "async function onTrack() {
          const code = use => { try { return use() } catch (error) { return error.code ?? error.message } }
          const deep = (tag, depth) => { let der = Buffer.alloc(0); while (depth--) { const size = der.length; der = Buffer.concat([Buffer.from([tag, 0x83, size >> 16, size >> 8 & 255, size & 255]), der]) } return der }
          const large = 'A'.repeat(4000), rsa = (n, e) => ({ key: { kty: 'RSA', n, e }, format: 'jwk' })
          const wide = crypto.createPublicKey(rsa('_'.repeat(2730) + '8', 'AQAB'))
          return {
            nested: code(() => crypto.createPrivateKey({ key: deep(0x30, 9000), format: 'der', type: 'pkcs8' })),
            contexts: code(() => crypto.createPublicKey({ key: deep(0xA0, 9000), format: 'der', type: 'spki' })),
            certificate: code(() => crypto.createPublicKey('-----BEGIN CERTIFICATE-----\\n' + deep(0x30, 9000).toString('base64') + '\\n-----END CERTIFICATE-----')),
            text: code(() => crypto.createPrivateKey('-----BEGIN PRIVATE KEY-----\\n' + 'A'.repeat(2 ** 21) + '\\n-----END PRIVATE KEY-----')),
            begins: code(() => crypto.createPrivateKey('-----BEGIN PRIVATE KEY-----\\n'.repeat(30000))),
            modulus: code(() => crypto.createPublicKey(rsa('_' + large, 'AQAB'))), exponent: code(() => crypto.createPublicKey(rsa('_'.repeat(342), '_'.repeat(340)))),
            bits: wide.asymmetricKeyDetails.modulusLength, verified: crypto.verify('sha256', 'x', wide, Buffer.alloc(2048, 1)),
            generated: code(() => crypto.generateKeyPairSync('rsa', { modulusLength: 4097 })),
            message: code(() => crypto.sign(null, Buffer.alloc(2 ** 23 + 1), crypto.generateKeyPairSync('ed25519').privateKey)),
          }
        }",
        TRACK,
        r#"{"nested":"ERR_OSSL_UNSUPPORTED","contexts":"ERR_OSSL_UNSUPPORTED","certificate":"ERR_OSSL_UNSUPPORTED","text":"ERR_OUT_OF_RANGE",
            "begins":"ERR_OSSL_UNSUPPORTED","modulus":"ERR_OUT_OF_RANGE","exponent":"ERR_OUT_OF_RANGE","bits":16384,"verified":false,
            "generated":"ERR_OUT_OF_RANGE","message":"ERR_OUT_OF_RANGE"}"#,
    );
}

#[test]
fn keys_that_take_for_ever_to_derive_end_at_the_cpu_limit() {
    for body in [
        "crypto.pbkdf2Sync('p', 's', 2 ** 31 - 1, 64, 'sha512')",
        "crypto.pbkdf2Sync('p', 's', 2 ** 31 - 1, 64, 'sha3-512')",
        "crypto.pbkdf2Sync('p', 's', 1, 2 ** 24, 'md5')",
        "crypto.scryptSync('p', 's', 64, { N: 2 ** 17, r: 2, p: 4000, maxmem: 2 ** 40 })",
        "crypto.scryptSync('p', 's', 64, { N: 2, r: 4096, p: 20, maxmem: 2 ** 40 }); crypto.pbkdf2Sync('p', 's', 2 ** 31 - 1, 1, 'md5')",
        "await new Promise(done => crypto.pbkdf2('p', 's', 2 ** 31 - 1, 64, 'sha1', done))",
        "for (const data = Buffer.alloc(1e7); ;) crypto.createHash('sha512').update(data)",
        "for (const data = Buffer.alloc(1e7); ;) crypto.createCipheriv('aes-256-gcm', Buffer.alloc(32), Buffer.alloc(12)).update(data)",
        "for (;;) crypto.randomBytes(1e6)",
        "crypto.generateKeyPairSync('rsa', { modulusLength: 4096 })",
        "await new Promise(done => crypto.generateKeyPair('rsa', { modulusLength: 4095, publicExponent: 3 }, done))",
        "for (const key = crypto.generateKeyPairSync('ed25519').privateKey, data = Buffer.alloc(2 ** 20); ;) crypto.sign(null, data, key)",
    ] {
        let limit = prost_types::Duration {
            seconds: 0,
            nanos: 200_000_000,
        };
        let call = Call::of(&format!("async function onTrack() {{ {body} }}"));
        let reply = call.limits(|limits| limits.cpu_time = Some(limit)).run();
        reply.failed(Code::CpuLimitExceeded, "--cpu-time-ms");
    }
}

#[test]
fn what_does_not_fit_into_memory_ends_the_invocation() {
    for body in [
        "crypto.randomBytes(2 ** 31 - 1)",
        "crypto.pbkdf2Sync('p', 's', 1, 2 ** 31 - 1, 'sha1')",
        "crypto.scryptSync('p', 's', 64, { N: 2 ** 24, r: 8, maxmem: 2 ** 50 })",
    ] {
        exceeds_memory(body);
    }
}

#[test]
fn bytes_that_are_taken_away_are_none() {
    delivers(
        "function onTrack() {
          const gone = size => { const view = new Uint8Array(size); structuredClone(view.buffer, { transfer: [view.buffer] }); return view }
          const thrown = use => { try { return use() } catch (error) { return error.code } }
          const key = new Uint8Array(16).fill(1), cipher = crypto.createCipheriv('aes-128-cbc', key, key)
          const kept = crypto.createSecretKey(key)
          structuredClone(key.buffer, { transfer: [key.buffer] })
          return { hash: crypto.createHash('md5').update(gone(9)).digest('hex'), mac: crypto.createHmac('md5', gone(9)).update(gone(9)).digest('hex'),
            fill: crypto.randomFillSync(gone(9)).length, values: crypto.getRandomValues(gone(9)).length,
            cipher: thrown(() => crypto.createCipheriv('aes-128-cbc', gone(16), gone(16))), equal: crypto.timingSafeEqual(gone(3), gone(5)),
            sealed: cipher.update(gone(5), null, 'hex') + cipher.final('hex'), kept: kept.symmetricKeySize }
        }",
        TRACK,
        r#"{"hash":"d41d8cd98f00b204e9800998ecf8427e","mac":"74e6f7298a9c2d168935f58c001bad88","fill":0,"values":0,
            "cipher":"ERR_CRYPTO_INVALID_KEYLEN","equal":true,"sealed":"e976eff0a00ebaa7b531632909a3d25f","kept":16}"#,
    );
}
