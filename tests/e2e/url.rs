//! `URL` and `URLSearchParams`, by a table of facts and by what is not in one.

use crate::{
    check::{Call, Code, TRACK, delivers, fails},
    poison::POISON,
};

/// `parsed`: input, base, and href, origin, protocol, username, password, host, hostname, port, pathname,
/// search, hash, or null where it is no URL. `set`: URL, what is set, to what, and what the URL is then.
const FACTS: &str = include_str!("urls.json");

#[test]
fn urls_are_parsed_as_the_standard_says() {
    let source = format!(
        "const {{ parsed }} = {FACTS}
        function partsOf(url) {{
          return [url.href, url.origin, url.protocol, url.username, url.password, url.host, url.hostname, url.port,
            url.pathname, url.search, url.hash]
        }}
        function onTrack() {{
          const wrong = []
          for (const [input, base, expected] of parsed) {{
            let found = null
            try {{ found = partsOf(new URL(input, base ?? undefined)) }} catch (error) {{
              if (!(error instanceof TypeError) || error.code !== 'ERR_INVALID_URL') throw error
            }}
            const agrees = URL.canParse(input, base ?? undefined) === (expected !== null)
            if (!agrees || JSON.stringify(found) !== JSON.stringify(expected)) wrong.push({{ input, base, expected, found }})
            if (found && new URL(found[0]).href !== found[0]) wrong.push({{ input, again: new URL(found[0]).href }})
          }}
          return {{ wrong, many: parsed.length > 300 }}
        }}"
    );
    delivers(&source, TRACK, r#"{"wrong":[],"many":true}"#);
}

#[test]
fn parts_of_urls_are_set_as_the_standard_says() {
    let source = format!(
        "const {{ set }} = {FACTS}
        function onTrack() {{
          const wrong = []
          for (const [href, part, value, expected] of set) {{
            const url = new URL(href), params = url.searchParams
            url[part] = value
            if (url.href !== expected) wrong.push({{ href, part, value, expected, found: url.href }})
            if (params !== url.searchParams || String(params) !== String(new URLSearchParams(url.search)))
              wrong.push({{ href, part, value, params: String(params) }})
          }}
          return {{ wrong, many: set.length > 100 }}
        }}"
    );
    delivers(&source, TRACK, r#"{"wrong":[],"many":true}"#);
}

#[test]
fn a_url_is_an_object_of_the_web() {
    let source = "class Own extends URL {}
        function onTrack() {
          'use strict'
          const url = new URL('../c?q=1', new URL('http://h/a/b')), caught = []
          for (const attempt of [() => new URL(), () => URL('http://h'), () => new URL('x y', 'z'), () => { url.href = '/' },
            () => { url.origin = 'x' }, () => URL.prototype.toString.call({}), () => URL.canParse(), () => new URL(Symbol())]) {
            try { caught.push(attempt()) } catch (error) {
              const { name, code, input, base } = error
              caught.push([name, code, input, base].filter(each => each !== undefined).join(' '))
            }
          }
          const own = new Own('http://h/x')
          return {
            caught, text: `${url} ${JSON.stringify({ url })}`, parsed: [URL.parse('x'), URL.parse('x', 'http://h').href],
            own: [own.pathname, own instanceof URL, own.constructor.name], tag: Object.prototype.toString.call(url),
            keys: [Object.keys(url), Object.keys(URL.prototype).length], absent: typeof URL.createObjectURL,
            same: url.searchParams === url.searchParams,
          }
        }";
    delivers(
        source,
        TRACK,
        r#"{"caught":["TypeError ERR_MISSING_ARGS","TypeError","TypeError ERR_INVALID_URL x y z","TypeError ERR_INVALID_URL /",
              "TypeError","TypeError ERR_INVALID_THIS","TypeError ERR_MISSING_ARGS","TypeError"],
            "text":"http://h/c?q=1 {\"url\":\"http://h/c?q=1\"}","parsed":[null,"http://h/x"],
            "own":["/x",true,"Own"],"tag":"[object URL]","keys":[[],14],"absent":"undefined","same":true}"#,
    );
}

#[test]
fn urls_are_shown_as_node_shows_them() {
    let source = "function onTrack(e) {
          console.log(new URL('http://a:b@c:8/d?e=f%20g#h'))
          console.log(new URLSearchParams('a=b'), new URLSearchParams(), new URLSearchParams('a=b&c=d').entries())
          console.log({ a: { b: { c: new URL('http://h') } } })
          return e }";
    let logs = Call::of(source).capture().run().logs();
    assert_eq!(
        logs[0],
        "URL {\n  href: 'http://a:b@c:8/d?e=f%20g#h',\n  origin: 'http://c:8',\n  protocol: 'http:',\n  username: 'a',\n  \
         password: 'b',\n  host: 'c:8',\n  hostname: 'c',\n  port: '8',\n  pathname: '/d',\n  search: '?e=f%20g',\n  \
         searchParams: URLSearchParams { 'e' => 'f g' },\n  hash: '#h'\n}"
    );
    assert_eq!(
        logs[1],
        "URLSearchParams { 'a' => 'b' } URLSearchParams {} URLSearchParams Iterator { [ 'a', 'b' ], [ 'c', 'd' ] }"
    );
    assert_eq!(logs[2], "{ a: { b: { c: URL {} } } }");
}

#[test]
fn search_params_are_read_and_written_as_forms() {
    let source = r"const cases = ['', '?', '??a', 'a=b&c=d', '&&a&=&==&a=b=c&', 'a+b=c+d%20e%2B', 'a=%', 'a=%zz%4', 'a=%ff%c3%a9',
          '\u00e9=\ud800\u{1f600}', '%EF%BB%BFa=1', { a: 1, b: null, c: undefined, d: [1, 2] }, [['a', 'b'], ['c', 'd']],
          new Map([['a', 1]]), new URLSearchParams('x=y&z'), 5, true, null, undefined, { '\ud800': 1, '\udc00': 2 },
          new Set([['a', new String('q')]]), { x: 'a~!\'()*-._ z&=#' }]
        function onTrack() { return { all: cases.map(init => String(new URLSearchParams(init))) } }";
    delivers(
        source,
        TRACK,
        r#"{"all":["","","%3Fa=","a=b&c=d","a=&=&=%3D&a=b%3Dc","a+b=c+d+e%2B","a=%25","a=%25zz%254","a=%EF%BF%BD%C3%A9",
            "%C3%A9=%EF%BF%BD%F0%9F%98%80","%EF%BB%BFa=1","a=1&b=null&c=undefined&d=1%2C2","a=b&c=d","a=1","x=y&z=",
            "5=","true=","","","%EF%BF%BD=2","a=q","x=a%7E%21%27%28%29*-._+z%26%3D%23"]}"#,
    );
}

#[test]
fn search_params_are_a_list() {
    let source = r"function onTrack() {
          const of = (init, change) => { const params = new URLSearchParams(init); change(params); return String(params) }
          const params = new URLSearchParams('a=1&b=2&a=3'), seen = []
          params.forEach(function (value, name, all) { seen.push(value + name + (all === params) + this.x) }, { x: 7 })
          const removed = new URLSearchParams('a=1&b=2&c=3'), met = []
          for (const [name] of removed) { met.push(name); removed.delete(name) }
          const thrown = [() => new URLSearchParams([[1]]), () => new URLSearchParams(['ab']), () => URLSearchParams(''),
            () => new URLSearchParams({ [Symbol.iterator]: 5 }), () => params.append('a'), () => params.get.call({}, 'a'),
            () => params.forEach(5), () => params.entries().next.call({}), () => new URLSearchParams(Symbol())]
          return {
            got: [params.get('a'), params.get('x'), params.getAll('a'), params.has('a', '3'), params.has('a', 'x'), params.size],
            append: of('a=1', p => p.append('c', 'd e')), remove: of('a=1&b=2&a=3', p => p.delete('a')),
            removeOne: of('a=1&b=2&a=3', p => p.delete('a', '3')), set: of('a=1&b=2&a=3', p => { p.set('a', 9); p.set('q', 'w') }),
            sort: of('z=b&\uffff=x&\u{1f600}=y&a=b&z=a&a=a', p => p.sort()), seen, met, left: String(removed),
            kinds: [[...params.keys()], [...params.values()], params[Symbol.iterator] === params.entries, Object.keys(URLSearchParams.prototype).length],
            thrown: thrown.map(attempt => { try { attempt() } catch (error) { return error.name + ' ' + error.code } }),
          } }";
    delivers(
        source,
        TRACK,
        r#"{"got":["1",null,["1","3"],true,false,3],"append":"a=1&c=d+e","remove":"b=2","removeOne":"a=1&b=2","set":"a=9&b=2&q=w",
            "sort":"a=b&a=a&z=b&z=a&%F0%9F%98%80=y&%EF%BF%BF=x","seen":["1atrue7","2btrue7","3atrue7"],"met":["a","c"],"left":"b=2",
            "kinds":[["a","b","a"],["1","2","3"],true,13],
            "thrown":["TypeError ERR_INVALID_TUPLE","TypeError ERR_INVALID_TUPLE","TypeError undefined","TypeError ERR_ARG_NOT_ITERABLE",
              "TypeError ERR_MISSING_ARGS","TypeError ERR_INVALID_THIS","TypeError ERR_INVALID_ARG_TYPE","TypeError ERR_INVALID_THIS",
              "TypeError undefined"]}"#,
    );
}

#[test]
fn search_params_are_their_urls_query() {
    let source = "function onTrack() {
          const url = new URL(\"http://h/?x=%7e'~#f\"), params = url.searchParams, hrefs = []
          const note = change => { change(); hrefs.push(url.href + ' ' + params) }
          note(() => {}); note(() => params.append('y', ' z')); note(() => { url.search = '?q=%20w' }); note(() => params.delete('q'))
          note(() => { url.href = 'http://b/?k' }); note(() => { url.search = '' }); note(() => params.set('é', 'é'))
          return { hrefs } }";
    delivers(
        source,
        TRACK,
        r#"{"hrefs":["http://h/?x=%7e%27~#f x=%7E%27%7E","http://h/?x=%7E%27%7E&y=+z#f x=%7E%27%7E&y=+z","http://h/?q=%20w#f q=+w",
            "http://h/#f ","http://b/?k k=","http://b/ ","http://b/?%C3%A9=%C3%A9 %C3%A9=%C3%A9"]}"#,
    );
}

#[test]
fn urls_work_whatever_was_done_to_the_globals() {
    let source = format!(
        "{POISON}
        function onTrack() {{
          const url = new URL('http://u:p@h:8/a/../b?x=1&y=%20#z'), params = url.searchParams
          params.append('k', 'v w'); params.delete('x'); url.port = '9'
          const all = params.getAll('k')
          return {{ href: url.href, origin: url.origin, y: params.get('y'), k: all[0], size: params.size }}
        }}"
    );
    delivers(
        &source,
        TRACK,
        r#"{"href":"http://u:p@h:9/b?y=+&k=v+w#z","origin":"http://h:9","y":" ","k":"v w","size":2}"#,
    );
}

#[test]
fn a_url_has_a_longest_length() {
    let source = "function onTrack() {
          const long = 'http://h/' + 'x'.repeat(2 ** 21 - 9), url = new URL(long)
          url.pathname = 'y'.repeat(2 ** 21 + 1)
          const encoded = new URL('http://h/?' + '\\u4e2d'.repeat(3e5))
          encoded.hash = 'x'
          return { length: url.href.length, refused: URL.canParse(long + 'x'), hash: encoded.hash } }";
    delivers(
        source,
        TRACK,
        r##"{"length":2097152,"refused":false,"hash":"#x"}"##,
    );
    let error = fails(
        "function onTrack() { new URL('http://h/' + 'x'.repeat(5e6)) }",
        TRACK,
        Code::BadRequest,
        "more than 2097152 characters",
    );
    assert_eq!(error.name, "TypeError");
}
