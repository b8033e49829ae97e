import type { Message, MessageOf, MessageType } from '@chiron/protocol'

type WithoutSalt<M> = M extends Message ? Omit<M, 'salt'> : never

/** A message before it is signed: it gets its salt with the signature. */
export type Draft<T extends MessageType = MessageType> = WithoutSalt<MessageOf<T>>

/** What a builder of message `T` takes. */
export type Fields<T extends MessageType> = Omit<MessageOf<T>, 'salt' | 'type'>
