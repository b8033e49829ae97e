import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import type { CommandContext } from '../context.ts'
import { CliError } from '../errors.ts'
import { printResult, say } from '../io.ts'
import { describeCommand, jsonOption, parseTxId } from '../options.ts'

interface Options {
  readonly out?: string
  readonly json?: boolean
}

/** `chiron log`: what others can check the ledger by. */
export function addLog(program: Command, context: CommandContext): void {
  const log = describeCommand(program.command('log'), "the ledger's log, for others to check: checkpoints and proofs", ['log checkpoint', 'log prove TRANSACTION'])
  describeCommand(log.command('checkpoint'), 'the newest checkpoint, with the signatures of its witnesses', ['log checkpoint', 'log checkpoint > checkpoint.txt', 'verify checkpoint.txt'])
    .addOption(jsonOption())
    .action((options: Options) => checkpoint(context, options))
  describeCommand(log.command('prove'), 'prove a transaction, or without one the newest facts, under a witnessed checkpoint', [
    'log prove TRANSACTION --out receipt.tlog-proof',
    'log prove --out state.tlog-proof',
    'verify receipt.tlog-proof',
  ])
    .argument('[transaction]', 'its id: 64 hexadecimal digits, as chiron verify prints it', parseTxId)
    .option('--out <file>', 'write there instead of to stdout; never replaces a file')
    .addOption(jsonOption())
    .action((tx: string | undefined, options: Options) => prove(context, tx, options))
}

async function checkpoint({ io, client }: CommandContext, options: Options): Promise<void> {
  const result = await client.call('checkpoint', {})
  printResult(io, options, result, () => result.checkpoint.trimEnd())
}

async function prove({ io, client }: CommandContext, tx: string | undefined, options: Options): Promise<void> {
  const result = await client.call('prove', tx === undefined ? {} : { tx })
  const { out } = options
  if (out === undefined) {
    printResult(io, options, result, () => result.proof.trimEnd())
    return
  }
  try {
    writeFileSync(out, result.proof, { flag: 'wx' })
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST'
    throw new CliError('ERR_CLI_FILE', exists ? `${out} exists already: name another file` : `cannot write ${out}`, { cause })
  }
  say(io, `written to ${out}`)
}
