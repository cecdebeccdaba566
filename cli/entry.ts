#!/usr/bin/env node
// The entry point. It loads the command. A Node.js that is too old would end with a SyntaxError there, so this file first
// says which version is needed. Node.js 12 must be able to read it (even older ones once it is bundled): no static import, no
// top-level await, no recent operators.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

// `engines` in package.json; a test compares them.
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `release-button: needs Node.js 20.19 or later, and this is ${process.versions.node} (${process.execPath}): ` +
      'install a newer one, for example from https://nodejs.org/en/download\n',
  );
  // As for every other usage error (exit.ts).
  process.exitCode = 2;
} else void import('./main.ts');
