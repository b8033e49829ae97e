#!/usr/bin/env node
// The `chiron` command of a clone (`npx chiron …`): makes the clone ready first, also when nothing is installed yet.
// Plain JavaScript for any Node from 20 on.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runInPlace } from '../apps/node/bin/reexecute.mjs'
import { makeReady } from './setup/ready.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const node = await makeReady(root)
const args = process.argv.slice(2)
// Measuring is no part of the node: only a clone has it.
const program = args[0] === 'bench' ? [join(root, 'bench/main.ts'), ...args.slice(1)] : [join(root, 'apps/node/bin/chiron.mjs'), ...args]
process.exitCode = node === undefined ? 1 : await runInPlace(node, program)
