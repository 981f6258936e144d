//! `Headers`: the facts of the web platform, and of node-fetch where it has its own.

use crate::facts::facts;

#[test]
fn names_and_values_are_checked() {
    facts(&[
        (
            r#"[['', 'a'], ['a b', 'x'], ['a\n', 'x'], ['a:', 'x'], ['é', 'x'], ['(', 'x'], ['"', 'x'], ['{', 'x']].map(([n, v]) => thrown(() => new Headers([[n, v]])))"#,
            r#"["TypeError: '' is not a legal HTTP header name","TypeError: 'a b' is not a legal HTTP header name","TypeError: 'a\\n' is not a legal HTTP header name","TypeError: 'a:' is not a legal HTTP header name","TypeError: 'é' is not a legal HTTP header name","TypeError: '(' is not a legal HTTP header name","TypeError: '\"' is not a legal HTTP header name","TypeError: '{' is not a legal HTTP header name"]"#,
        ),
        (
            r"['a\nb', 'a\r\nInjected: yes', 'a\0b', '\u{100}', '日本'].map(v => thrown(() => new Headers({ a: v })).split(':')[0])",
            r#"["TypeError","TypeError","TypeError","TypeError","TypeError"]"#,
        ),
        (
            r#"["!#$%&'*+-.^_`|~09azAZ"].map(n => [...new Headers({ [n]: '1' })])"#,
            r#"[[["!#$%&'*+-.^_`|~09azaz","1"]]]"#,
        ),
        (
            "thrown(() => new Headers({ 'in valid': '1' }))",
            r#""TypeError: 'in valid' is not a legal HTTP header name""#,
        ),
        (
            r"thrown(() => new Headers({ a: 'x\r\ny: z' }))",
            r#""TypeError: 'x\\r\\ny: z' is not a legal HTTP header value""#,
        ),
        (
            r"thrown(() => new Headers().set('a', 'x\u0000'))",
            r#""TypeError: 'x\\x00' is not a legal HTTP header value""#,
        ),
        (
            "thrown(() => new Headers().append('ā', 'x'))",
            r#""TypeError: Headers.append: Cannot convert argument to a ByteString because the character at index 0 has a value of 257 which is greater than 255.""#,
        ),
        (
            "['get', 'has', 'delete'].map(m => thrown(() => new Headers()[m]('in valid')).split(':')[0])",
            r#"["TypeError","TypeError","TypeError"]"#,
        ),
        (
            r"[' a ', '\ta\t', '\r\na\r\n', 'a b', '\x7f', '\xff', ''].map(v => new Headers({ a: v }).get('a'))",
            r#"["a","a","a","a b","","ÿ",""]"#,
        ),
        (
            "thrown(() => new Headers({ [Symbol('x')]: '1' })).split(':')[0]",
            r#""TypeError""#,
        ),
        (
            "thrown(() => new Headers({ a: Symbol('x') })).split(':')[0]",
            r#""TypeError""#,
        ),
    ]);
}

#[test]
fn what_it_is_made_of() {
    facts(&[
        ("[...new Headers()].length", "0"),
        ("[...new Headers(undefined)].length", "0"),
        (
            "['x', 1, true].map(v => thrown(() => new Headers(v)).split(':')[0])",
            r#"["TypeError","TypeError","TypeError"]"#,
        ),
        (
            "[...new Headers({ B: 1, a: true, c: null, d: undefined, e: ['1', 2] })]",
            r#"[["a","true"],["b","1"],["c","null"],["d","undefined"],["e","1,2"]]"#,
        ),
        (
            "[...new Headers([['b', '1'], ['a', '2'], ['B', '3']])]",
            r#"[["a","2"],["b","1, 3"]]"#,
        ),
        ("[...new Headers(new Map([['x', 'y']]))]", r#"[["x","y"]]"#),
        (
            "[...new Headers(new Headers({ a: '1' }))]",
            r#"[["a","1"]]"#,
        ),
        (
            "[[['a']], [['a', 'b', 'c']], ['ab'], [1]].map(v => thrown(() => new Headers(v)).split(':')[0])",
            r#"["TypeError","TypeError","TypeError","TypeError"]"#,
        ),
        ("[...new Headers([new Set(['a', 'b'])])]", r#"[["a","b"]]"#),
        (
            "(() => { class Own extends Headers {} ; return [...new Own({ a: '1' })] })()",
            r#"[["a","1"]]"#,
        ),
        (
            "(() => { const init = {}; Object.defineProperty(init, 'hidden', { value: '1' }); return [...new Headers(init)] })()",
            "[]",
        ),
        ("[...new Headers(Object.create({ inherited: '1' }))]", "[]"),
        (
            "(() => { const order = []; const init = new Proxy({ b: '1', a: '2' }, { ownKeys(t) { order.push('keys'); return Reflect.ownKeys(t) }, getOwnPropertyDescriptor(t, k) { order.push('own ' + k); return Reflect.getOwnPropertyDescriptor(t, k) }, get(t, k) { order.push('get ' + String(k)); return t[k] } }); new Headers(init); return order })()",
            r#"["get Symbol(Symbol.iterator)","keys","own b","get b","own a","get a"]"#,
        ),
        (
            "thrown(() => new Headers({ get a() { throw new RangeError('mine') } }))",
            r#""RangeError: mine""#,
        ),
        (
            "(() => { const h = new Headers([['a', '1']]); h[Symbol.iterator] = function* () { yield ['own', 'x'] }; return [...new Headers(h).keys()] })()",
            r#"["own"]"#,
        ),
        (
            "thrown(() => Headers())",
            r#""TypeError: Class constructor Headers cannot be invoked without 'new'""#,
        ),
    ]);
}

#[test]
fn reading_and_changing() {
    facts(&[
        (
            "(() => { const h = new Headers({ a: '1' }); h.append('A', '2'); h.set('b', '3'); h.append('c', '4'); h.delete('C'); h.delete('none'); return [h.get('a'), h.get('B'), h.get('c'), h.has('A'), h.has('c'), [...h]] })()",
            r#"["1, 2","3",null,true,false,[["a","1, 2"],["b","3"]]]"#,
        ),
        (
            "(() => { const h = new Headers([['a', '1'], ['a', '2']]); h.set('a', '3'); return h.get('a') })()",
            r#""3""#,
        ),
        (
            "['append', 'set'].map(m => thrown(() => new Headers()[m]('a')).split(':')[0])",
            r#"["TypeError","TypeError"]"#,
        ),
        (
            "['get', 'has', 'delete', 'forEach'].map(m => thrown(() => new Headers()[m]()).split(':')[0])",
            r#"["TypeError","TypeError","TypeError","TypeError"]"#,
        ),
        (
            "(() => { const h = new Headers(); h.append('a', ''); h.append('a', ''); return h.get('a') })()",
            r#"", ""#,
        ),
        (
            "[Headers.prototype.get, Headers.prototype.entries].map(f => thrown(() => f.call({}, 'a')).split(':')[0])",
            r#"["TypeError [ERR_INVALID_THIS]","TypeError [ERR_INVALID_THIS]"]"#,
        ),
        (
            "(() => { const h = new Headers({ a: '1' }), seen = []; h.forEach(function (value, name, all) { seen.push(value, name, all === h, this.me) }, { me: 7 }); return seen })()",
            r#"["1","a",true,7]"#,
        ),
        (
            "thrown(() => new Headers({ a: '1' }).forEach('x')).split(':')[0]",
            r#""TypeError""#,
        ),
    ]);
}

#[test]
fn iteration_is_sorted_and_live() {
    facts(&[
        (
            "[[...new Headers({ c: 3, a: 1, b: 2 }).keys()], [...new Headers({ c: 3, a: 1, b: 2 }).values()], [...new Headers({ b: 2, a: 1 }).entries()]]",
            r#"[["a","b","c"],["1","2","3"],[["a","1"],["b","2"]]]"#,
        ),
        (
            "(() => { const h = new Headers({ a: '1', b: '2', c: '3' }), seen = []; for (const [k] of h) { seen.push(k); if (k === 'a') h.delete('b') } return seen })()",
            r#"["a","c"]"#,
        ),
        (
            "(() => { const h = new Headers({ b: '1' }), seen = []; for (const [k] of h) { seen.push(k); if (seen.length < 4) h.append('c' + seen.length, 'x') } return seen })()",
            r#"["b","c1","c2","c3"]"#,
        ),
        (
            "(() => { const h = new Headers({ x: '1' }), i = h.entries(); h.append('a', '2'); return [i.next(), i.next(), i.next()] })()",
            r#"[{"value":["a","2"],"done":false},{"value":["x","1"],"done":false},{"done":true}]"#,
        ),
        (
            "(() => { const i = new Headers({ a: '1' })[Symbol.iterator](), p = Object.getPrototypeOf(i); return [Headers.prototype[Symbol.iterator] === Headers.prototype.entries, p[Symbol.toStringTag], Object.getPrototypeOf(p) === Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())), Object.keys(p), typeof i[Symbol.iterator]] })()",
            r#"[true,"Headers Iterator",true,["next"],"function"]"#,
        ),
        (
            "[Object.prototype.toString.call(new Headers()), Object.keys(Headers.prototype).filter(k => k !== 'raw').sort().join()]",
            r#"["[object Headers]","append,delete,entries,forEach,get,getSetCookie,has,keys,set,values"]"#,
        ),
    ]);
}

#[test]
fn cookies_are_kept_apart() {
    facts(&[
        (
            "(() => { const h = new Headers([['Set-Cookie', 'a=1'], ['set-cookie', 'b=2, c'], ['x', '0'], ['X', '1']]); return [h.getSetCookie(), h.get('set-cookie'), [...h]] })()",
            r#"[["a=1","b=2, c"],"a=1, b=2, c",[["set-cookie","a=1"],["set-cookie","b=2, c"],["x","0, 1"]]]"#,
        ),
        ("new Headers().getSetCookie()", "[]"),
        (
            "(() => { const h = new Headers([['set-cookie', 'a'], ['set-cookie', 'b']]); h.set('set-cookie', 'c'); h.append('set-cookie', ''); return h.getSetCookie() })()",
            r#"["c",""]"#,
        ),
        (
            "[...new Headers(new Headers([['set-cookie', 'a'], ['set-cookie', 'b']]))]",
            r#"[["set-cookie","a"],["set-cookie","b"]]"#,
        ),
        ("new Headers({ 'set-cookie2': 'x' }).getSetCookie()", "[]"),
    ]);
}

#[test]
fn raw_is_node_fetchs() {
    facts(&[
        (
            "new Headers([['X-One', '1'], ['x-one', '2'], ['b', '3']]).raw()",
            r#"{"X-One":["1","2"],"b":["3"]}"#,
        ),
        (
            "Object.getPrototypeOf(new Headers({ a: '1' }).raw())",
            "null",
        ),
        ("[...new Headers(null)]", "[]"),
    ]);
}

#[test]
fn guards() {
    facts(&[
        (
            "['append', 'set', 'delete'].map(m => thrown(() => Response.error().headers[m]('a', 'b')).split(':')[0])",
            r#"["TypeError","TypeError","TypeError"]"#,
        ),
        (
            "thrown(() => Response.redirect('http://a/').headers.set('a', 'b')).split(':')[0]",
            r#""TypeError""#,
        ),
        (
            "(() => { const r = new Response(); r.headers.set('set-cookie', 'a'); return [...r.headers] })()",
            r#"[["set-cookie","a"]]"#,
        ),
        (
            "(() => { const r = new Request('http://a/', { headers: { host: 'x', cookie: 'y', 'content-length': '5' } }); return [...r.headers] })()",
            r#"[["content-length","5"],["cookie","y"],["host","x"]]"#,
        ),
        (
            "thrown(() => Response.error().clone().headers.set('a', 'b')).split(':')[0]",
            r#""TypeError""#,
        ),
    ]);
}

#[test]
fn many_headers_are_no_trouble() {
    facts(&[
        (
            "(() => { const h = new Headers(); for (let i = 0; i < 1e5; i++) h.append('h' + i % 5e4, String(i)); let n = 0; for (const _ of h) n++; return [n, h.get('h49999')] })()",
            r#"[50000,"49999, 99999"]"#,
        ),
        (
            "(() => { const h = new Headers(); for (let i = 0; i < 1e5; i++) h.append('set-cookie', 'c'); return [h.getSetCookie().length, [...h].length] })()",
            "[100000,100000]",
        ),
    ]);
}
