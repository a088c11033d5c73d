package socketeer.bench.peers

import socketeer.Handler

/** The three lines that the README begins with. */
public class Recv : Ours(handler = echo)

/** The same, and it is told of every connection that comes and goes: what the events cost. */
public class Told : Ours(events = { heard++ }, handler = echo)

private val echo: Handler = { while (true) send(recv() ?: break) }

private var heard = 0L
