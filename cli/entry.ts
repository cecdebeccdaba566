#!/usr/bin/env node
// The entry point: it checks the version of Node.js, then loads the command. Without the check, an old Node.js would end with a
// SyntaxError that does not say which version is needed. Node.js 12 must be able to run this file, and even older versions once
// it is bundled: no static import, no top-level await, no recent operators.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

// `engines` in package.json; a test compares them.
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `release-button: needs Node.js 20.19 or later, but this is Node.js ${process.versions.node} (${process.execPath}). ` +
      'Install a newer version, for example from https://nodejs.org/en/download\n',
  );
  // As for every other usage error (exit.ts).
  process.exitCode = 2;
} else void import('./main.ts');
