import { Presets, SingleBar } from 'cli-progress'
import type { CommandIo } from './io.ts'
import { say } from './io.ts'

/** Shows how far something has come. */
export interface Progress {
  update(step: string, done: number, total: number): void
  end(): void
}

/** A bar when stderr is a terminal, else a line at each new step and tenth. */
export function createProgress(io: CommandIo): Progress {
  return io.stderr.isTTY === true ? bar(io.stderr as NodeJS.WriteStream) : lines(io)
}

function bar(stream: NodeJS.WriteStream): Progress {
  let shown: SingleBar | undefined
  return {
    update(step, done, total) {
      if (shown === undefined) {
        shown = new SingleBar({ stream, format: '{bar} {value}/{total} {step}', hideCursor: true, clearOnComplete: true, barsize: 30 }, Presets.shades_classic)
        shown.start(total, done, { step })
      }
      shown.setTotal(total)
      shown.update(done, { step })
    },
    end: () => shown?.stop(),
  }
}

function lines(io: CommandIo): Progress {
  let last = ''
  return {
    update(step, done, total) {
      const tenth = total === 0 ? 10 : Math.floor((done * 10) / total)
      const line = `${step} ${tenth}`
      if (line !== last) say(io, `${step}: ${done} of ${total}`)
      last = line
    },
    end: () => {},
  }
}
