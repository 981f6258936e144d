// Makes dist/ of the packages in package.json: a CommonJS file for each library, manifest.json, NOTICES.txt.
//
// Node's own modules stay calls of `require`. All text is ASCII, so that isolates can share it as it stands.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import * as esbuild from 'esbuild';

import { libraries, patches } from './libraries.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const dist = path.join(here, 'dist');

// Lines are broken about here, so that a place in a stack says something.
const LINE_LENGTH = 160;

// Descriptions of services that the AWS SDK reads when one is first used: a thousand, of which a function uses few.
// They stay texts of their own, beside the code.
const partsOfAws = /[\\/]apis[\\/].*-\d{4}-\d\d-\d\d\..*\.json$/;

// Leaves such files out of the bundle, and notes them in `parts` by name.
function separateParts(parts) {
  return {
    name: 'separate-parts',
    setup(build) {
      build.onResolve({ filter: partsOfAws }, ({ path: file, resolveDir }) => {
        const name = path.basename(file, '.json');
        parts.set(name, path.resolve(resolveDir, file));
        return { path: 'part:' + name, external: true };
      });
    },
  };
}

// Text as ASCII: in JSON, and in the regular expressions that esbuild leaves as they are, an escape means the same.
function escape(text) {
  if (/\\[^\0-\x7f]/.test(text)) throw new Error('a backslash is before what has to be escaped');
  return Buffer.from(text.replace(/[\x7f-\uffff]/g, (unit) => '\\u' + unit.charCodeAt(0).toString(16).padStart(4, '0')));
}

const patch = {
  name: 'patch',
  setup(build) {
    for (const { file, find, replacement } of patches) {
      build.onLoad({ filter: file }, ({ path: found }) => {
        const source = readFileSync(found, 'utf8');
        if (!source.includes(find)) throw new Error(`${found} has no ${find}`);
        return { contents: source.replace(find, replacement), loader: 'js' };
      });
    }
  },
};

async function bundle({ name, file, entry }) {
  const parts = new Map();
  const result = await esbuild.build({
    ...(file === undefined
      ? { stdin: { contents: entry, resolveDir: here, sourcefile: name + '.cjs' } }
      : { entryPoints: [path.join(here, file)] }),
    absWorkingDir: here,
    bundle: true,
    platform: 'node',
    target: 'esnext',
    format: 'cjs',
    charset: 'ascii',
    // Classes are renamed, and functions look at the names of errors.
    keepNames: true,
    minifyWhitespace: true,
    lineLimit: LINE_LENGTH,
    legalComments: 'none',
    metafile: true,
    write: false,
    outfile: name + '.js',
    logLevel: 'error',
    plugins: [separateParts(parts), patch],
  });
  return { code: escape(result.outputFiles[0].text), parts, inputs: Object.keys(result.metafile.inputs) };
}

function write(file, bytes) {
  writeFileSync(path.join(dist, file), bytes);
  return { file, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

// One file of all parts, and where in it each is: [name, first byte, bytes].
function writeParts(name, parts) {
  const texts = [];
  const places = [];
  let offset = 0;
  for (const [part, file] of [...parts].sort()) {
    const json = JSON.stringify(JSON.parse(readFileSync(file, 'utf8')));
    const text = escape(json);
    places.push([part, offset, text.length]);
    texts.push(text);
    offset += text.length;
  }
  return { ...write(name + '.parts', Buffer.concat(texts)), places };
}

// The directory of the package that a bundled file is of.
function packageOf(file) {
  const [, directory] = /^(.*node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(file) ?? [];
  return directory;
}

function readPackage(directory) {
  return JSON.parse(readFileSync(path.join(here, directory, 'package.json'), 'utf8'));
}

function versionOf(name) {
  return readPackage(path.join('node_modules', name)).version;
}

// What the licence of a package asks to be kept with it.
function noticeOf(directory) {
  const { name, version, license, licenses } = readPackage(directory);
  const isNotice = (file) => /^(licen[cs]e|copying|notice)/i.test(file);
  const files = readdirSync(path.join(here, directory)).filter(isNotice).sort();
  const texts = files.map((file) => readFileSync(path.join(here, directory, file), 'utf8').trim());
  const named = license?.type ?? license ?? licenses?.map((one) => one.type ?? one).join(' or ') ?? 'see its texts';
  return `${name} ${version}, ${named}\n\n${texts.length === 0 ? '(no text comes with it)' : texts.join('\n\n')}\n`;
}

function clear() {
  mkdirSync(dist, { recursive: true });
  for (const file of readdirSync(dist)) {
    if (file !== '.gitignore') rmSync(path.join(dist, file), { recursive: true });
  }
}

clear();
const packages = new Set();
const entries = [];
for (const library of libraries) {
  const { code, parts, inputs } = await bundle(library);
  const { name, global } = library;
  const [[first]] = Object.entries(library.packages);
  entries.push({
    name,
    version: versionOf(first),
    global,
    packages: library.packages,
    ...write(name + '.js', code),
    ...(parts.size === 0 ? {} : { parts: writeParts(name, parts) }),
  });
  for (const directory of [...inputs, ...parts.values()].map((file) => packageOf(path.relative(here, path.resolve(here, file))))) {
    if (directory !== undefined && existsSync(path.join(here, directory, 'package.json'))) packages.add(directory);
  }
}
const rule = '-'.repeat(80) + '\n';
writeFileSync(path.join(dist, 'NOTICES.txt'), [...packages].sort().map(noticeOf).join('\n' + rule));
// Last: what has no manifest was not built to its end.
writeFileSync(path.join(dist, 'manifest.json'), JSON.stringify({ libraries: entries }, undefined, 1) + '\n');
const total = entries.reduce((sum, { bytes, parts }) => sum + bytes + (parts?.bytes ?? 0), 0);
console.log(`${entries.length} libraries of ${packages.size} packages, ${total} bytes`);
