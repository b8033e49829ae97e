import { Command } from 'commander'
import { addAccess } from './commands/access.ts'
import { addAudit } from './commands/audit.ts'
import { addConsent } from './commands/consent.ts'
import { addDelegate } from './commands/delegate.ts'
import { addEmergency } from './commands/emergency.ts'
import { addExport } from './commands/export.ts'
import { addImport } from './commands/import.ts'
import { addIndex } from './commands/index-command.ts'
import { addLabel } from './commands/label.ts'
import { addLog } from './commands/log.ts'
import { addOrder } from './commands/order.ts'
import { addPatient } from './commands/patient.ts'
import { addRequest } from './commands/request.ts'
import { addStatus } from './commands/status.ts'
import { addToken } from './commands/token.ts'
import { addTreatment } from './commands/treatment.ts'
import { addUp } from './commands/up.ts'
import { addVerify } from './commands/verify.ts'
import type { CommandContext } from './context.ts'

const EXAMPLES = `Examples:
  $ chiron up                                              start a node on ./data
  $ chiron import examples/patients/*.json.gz              load FHIR bundles or NDJSON
  $ chiron token --org lakeside --user physician           print a bearer token
  $ chiron request --org lakeside --user physician --patient ID --purpose TREAT --category laboratory --for P1D
  $ chiron request approve REQUEST                         the patient says yes
  $ chiron consent grant --patient ID --to lakeside --category laboratory --for P1D
  $ chiron audit --patient ID --json > audit.json          who has looked, newest first
  $ chiron verify audit.json                               check it offline
`

/** The whole command line. */
export function buildProgram(context: CommandContext): Command {
  const program = new Command('chiron')
    .description('A medical-record network that patients control')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void context.io.stdout.write(text),
      writeErr: (text) => void context.io.stderr.write(text),
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
    })
    .showHelpAfterError('(add --help for examples)')
    .enablePositionalOptions()
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', '\nThe node is found through $CHIRON_DATA (default ./data). Results go to stdout, messages to stderr.\nExit code: 0 done, 1 failed or refused, 2 wrong usage, 3 no node is running.\nIn a clone, `chiron bench` measures the node beside other FHIR servers; see `chiron bench --help`.')
  for (const add of [addUp, addImport, addToken, addConsent, addLabel, addRequest, addTreatment, addPatient, addDelegate, addEmergency, addOrder, addAccess, addAudit, addVerify, addExport, addIndex, addLog, addStatus]) add(program, context)
  return program
}
