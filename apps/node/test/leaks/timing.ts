import { randomUUID } from 'node:crypto'
import { startTestNode } from '../gateway/harness.ts'
import { patient } from '../gateway/resources.ts'

/**
 * How well the time of a refusal tells a patient who exists from one who does not: the share of pairs in which the first
 * took longer (area under the ROC curve). A half tells nothing.
 */
export async function tellingTimes(pairs: number): Promise<number> {
  const started = await startTestNode()
  try {
    const hospital = await started.as('riverside', 'physician')
    const clinic = await started.as('lakeside', 'physician')
    const ids: string[] = []
    for (let i = 0; i < 20; i++) ids.push((await hospital.create(patient())).expect(201).resource.id)
    const strangers = ids.map(() => randomUUID())
    const times: [number[], number[]] = [[], []]
    const ask = async (id: string): Promise<number> => {
      const before = performance.now()
      ;(await clinic.get(`Observation?patient=${id}`)).expect(403)
      return performance.now() - before
    }
    for (let i = 0; i < pairs; i++) {
      const order = i % 2 === 0 ? [0, 1] : [1, 0]
      for (const which of order) (times[which] as number[]).push(await ask((which === 0 ? ids : strangers)[i % 20] as string))
    }
    const [known, unknown] = times
    const longer = known.reduce((sum, one) => sum + unknown.filter((other) => one > other).length + unknown.filter((other) => one === other).length / 2, 0)
    return longer / (known.length * unknown.length)
  } finally {
    await started.close()
  }
}
