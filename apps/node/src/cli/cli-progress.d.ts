declare module 'cli-progress' {
  interface Options {
    readonly stream?: NodeJS.WritableStream
    readonly format?: string
    readonly hideCursor?: boolean
    readonly clearOnComplete?: boolean
    readonly barsize?: number
  }
  interface Preset {
    readonly barCompleteChar: string
    readonly barIncompleteChar: string
  }
  export class SingleBar {
    constructor(options: Options, preset?: Preset)
    start(total: number, startValue: number, payload?: object): void
    setTotal(total: number): void
    update(value: number, payload?: object): void
    stop(): void
  }
  export const Presets: { readonly shades_classic: Preset }
}
