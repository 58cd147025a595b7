// Node's JSON.parse as one more reader: a line of base64 in, a line of what it understood out.

import { createInterface } from 'node:readline';

for await (const line of createInterface({ input: process.stdin })) {
  let answer = 'refused';
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(line, 'base64'));
    answer = JSON.stringify(JSON.parse(text)) ?? 'refused';
  } catch {
    // what it cannot read it does not execute
  }
  process.stdout.write(`${answer}\n`);
}
