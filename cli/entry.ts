#!/usr/bin/env node
// What is started first. It loads the command, but says on a Node.js that is too old which one is needed: that one would end
// with a SyntaxError in what is loaded. So an old Node.js must be able to read this file (12, and less where it is bundled):
// no static import, no top-level await, no operator of the last years.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

// `engines` in package.json; a test compares them.
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `release-button: needs Node.js 20.19 or later, and this is ${process.versions.node} (${process.execPath}): ` +
      'install a newer one, for example from https://nodejs.org/en/download\n',
  );
  // As of every other mistake in how it is started (exit.ts).
  process.exitCode = 2;
} else void import('./main.ts');
