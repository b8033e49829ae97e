import type { FhirHttp } from './fhir-http.ts'
import type { Scenario } from './measure.ts'

/** Requests of each scenario in a round. The same for every server, so that all hold the same after as many rounds. */
const ROUND = 60
const TRANSACTIONS = 4
const AT_ONCE = 8
/** Rounds that must have taken about as long as each other, and how much they may differ. */
const STEADY = { rounds: 4, within: 0.1 }

/**
 * Rounds of all scenarios until the server's rate is steady, or time is up. A virtual machine that compiles as it goes
 * needs minutes. @returns seconds it took
 */
export async function warmUp(client: FhirHttp, scenarios: readonly Scenario[], longestSeconds: number, onSeconds: (seconds: number) => void): Promise<number> {
  const started = performance.now()
  const seconds = (): number => (performance.now() - started) / 1000
  const rounds: number[] = []
  do {
    onSeconds(Math.min(longestSeconds, Math.floor(seconds())))
    const before = performance.now()
    for (const scenario of scenarios) await send(client, scenario, scenario.name.startsWith('transaction') ? TRANSACTIONS : ROUND, started + longestSeconds * 1000)
    rounds.push(performance.now() - before)
  } while (seconds() < longestSeconds && !isSteady(rounds))
  return seconds()
}

async function send(client: FhirHttp, scenario: Scenario, requests: number, deadline: number): Promise<void> {
  let left = requests
  const run = async (): Promise<void> => {
    while (left-- > 0 && performance.now() < deadline) {
      const { method, path, body } = scenario.next()
      await client.send(method, path, body)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, run))
}

/** Whether the newest rounds differ little, and are not faster than those before them any more. */
export function isSteady(rounds: readonly number[]): boolean {
  const { rounds: wanted, within } = STEADY
  if (rounds.length < wanted * 3) return false
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  return mean(rounds.slice(-wanted)) > mean(rounds.slice(-2 * wanted, -wanted)) * (1 - within)
}
