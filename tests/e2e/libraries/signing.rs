//! Libraries that identify and sign: tokens, OAuth requests, name-based UUIDs.

use super::{asks, comes_to, only};
use crate::origin::respond;

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn uuids_are_those_of_their_names() {
    // The RFC's namespaces; the values are what Python's uuid.uuid5 gives.
    comes_to(
        "return { dns: uuidv5.uuidv5('dns', 'www.example.org'), url: uuidv5('url', 'http://example.org/page') }",
        r#"{"dns":"74738ff5-5367-5958-9aee-98fffdcd1876","url":"6b19973b-8154-5782-bca0-15e6b730ca00"}"#,
    );
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn tokens_are_signed_with_a_secret() {
    // The token is that of RFC 7515, appendix A.1.
    comes_to(
        "const key = Buffer.from('AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow', 'base64')
        const known = 'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
        const token = jsonwebtoken.sign({ sub: '1', scope: 'a' }, 'secret', { algorithm: 'HS512', expiresIn: '1h', issuer: 'me', audience: 'you' })
        const said = async (...given) => (await caught((async () => jsonwebtoken.verify(...given))())).message
        const { header, payload } = jsonwebtoken.decode(token, { complete: true })
        return { known: jsonwebtoken.verify(known, key, { ignoreExpiration: true }).iss, expired: await said(known, key), header, lasts: payload.exp - payload.iat,
          sub: jsonwebtoken.verify(token, 'secret', { audience: 'you' }).sub, secret: await said(token, 'other'), audience: await said(token, 'secret', { audience: 'them' }),
          algorithm: await said(token, 'secret', { algorithms: ['HS256'] }) }",
        r#"{"known":"joe","expired":"jwt expired","header":{"alg":"HS512","typ":"JWT"},"lasts":3600,"sub":"1","secret":"invalid signature",
            "audience":"jwt audience invalid. expected: them","algorithm":"invalid algorithm"}"#,
    );
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn tokens_are_signed_with_private_keys() {
    comes_to(
        "const { generateKeyPairSync } = require('crypto')
        const pem = { publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } }
        const rsa = generateKeyPairSync('rsa', { modulusLength: 2048, ...pem }), curve = generateKeyPairSync('ec', { namedCurve: 'P-256', ...pem })
        const other = generateKeyPairSync('ec', { namedCurve: 'P-256', ...pem })
        const sub = (algorithm, keys) => jsonwebtoken.verify(jsonwebtoken.sign({ sub: '1' }, keys.privateKey, { algorithm, keyid: 'k' }), keys.publicKey, { algorithms: [algorithm] }).sub
        const forged = await caught((async () => jsonwebtoken.verify(jsonwebtoken.sign({}, curve.privateKey, { algorithm: 'ES256' }), other.publicKey))())
        return { RS256: sub('RS256', rsa), PS256: sub('PS256', rsa), ES256: sub('ES256', curve), forged: forged.message }",
        r#"{"RS256":"1","PS256":"1","ES256":"1","forged":"invalid signature"}"#,
    );
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn oauth_signs_as_its_specification_does() {
    // OAuth Core 1.0, appendix A.5.
    comes_to(
        "const oauth = new OAuth.OAuth('https://photos.example.net/request_token', 'https://photos.example.net/access_token', 'dpf43f3p2l4k3l03', 'kd94hf93k423kf44', '1.0', null, 'HMAC-SHA1')
        oauth._getNonce = () => 'kllo9940pd9333jh'; oauth._getTimestamp = () => 1191242096
        const url = new URL(oauth.signUrl('http://photos.example.net/photos?file=vacation.jpg&size=original', 'nnch734d00sl2jdk', 'pfkkdhi9sl3r4s00', 'GET'))
        return { signature: url.searchParams.get('oauth_signature'), header: oauth.authHeader('http://photos.example.net/photos?file=vacation.jpg&size=original', 'nnch734d00sl2jdk', 'pfkkdhi9sl3r4s00').startsWith('OAuth oauth_consumer_key=\"dpf43f3p2l4k3l03\"') }",
        r#"{"signature":"tR3+Ty81lMeYAr/Fid0kMTYa/WM=","header":true}"#,
    );
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn oauth_calls_with_its_signature() {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let requests = asks(
        move |_| respond("200 OK", &form, b"oauth_token=t1&oauth_token_secret=s1"),
        "const oauth = new OAuth.OAuth(base + '/request', base + '/access', 'key', 'secret', '1.0', null, 'HMAC-SHA1')
        return await new Promise((resolve, reject) => oauth.getOAuthRequestToken((error, token, secret) => error ? reject(error) : resolve({ token, secret })))",
        r#"{"token":"t1","secret":"s1"}"#,
    );
    let request = only(&requests, "POST /request");
    let authorization = request.header("authorization").unwrap_or_default();
    assert!(
        authorization.starts_with("OAuth ") && authorization.contains("oauth_signature="),
        "{authorization}"
    );
}
