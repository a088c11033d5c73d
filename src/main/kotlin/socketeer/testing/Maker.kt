package socketeer.testing

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.runBlocking
import socketeer.Connection
import socketeer.Network
import socketeer.StreamAddress
import socketeer.tcp

/** What a kind of connection may be without; the laws that need it are then listed as not applicable. */
public enum class Ability {
    /** Listeners, and connecting by address. */
    LISTENING,

    /** Addresses with ports: 0 gives a free one, a closed one can be bound again. */
    PORTS,

    /** Ending one direction while the other goes on. */
    HALF_CLOSE,

    /** An abort reaches the peer as a reset. */
    RESET,

    /** Empty datagrams, and who sent them. */
    EMPTY_DATAGRAMS,

    /** Each socket is a descriptor of this process, counted in `/proc/self/fd`. */
    DESCRIPTORS,

    /** The process can be brought to the end of its descriptors: see [Maker.exhaust]. */
    EXHAUSTION,
}

/**
 * How to make what [networkLaws] tries: either a fresh [network], from which listeners and connections come, or just
 * connected [pairs].
 *
 * @property name what the reports call it.
 * @property lacks what it is without.
 */
public class Maker internal constructor(
    public val name: String,
    lacks: Set<Ability>,
    internal val run: (suspend CoroutineScope.() -> Unit) -> Unit,
    internal val network: (suspend () -> Network)?,
    internal val address: () -> StreamAddress,
    internal val pair: (suspend () -> Pair<Connection, Connection>)?,
    internal val exhaust: (suspend (suspend () -> Unit) -> Unit)?,
) {
    public val lacks: Set<Ability> =
        buildSet {
            addAll(lacks)
            if (network == null) add(Ability.LISTENING)
            if (network == null) add(Ability.PORTS)
            if (exhaust == null) add(Ability.EXHAUSTION)
        }

    /** Once: the JDK opens sockets of its own with the first ones of a process, and they are no leak. */
    internal val warm: Unit by lazy { run { tried(this@Maker) { pair().toList().forEach { it.close() } } } }

    override fun toString(): String = name
}

/**
 * Connected pairs of a connection of your own: `pairs("TLS over memory") { tlsPair() }`.
 *
 * @param run runs one case to its end, on the thread or loop that these connections need.
 */
public fun pairs(
    name: String,
    vararg lacks: Ability,
    run: (suspend CoroutineScope.() -> Unit) -> Unit = ::onThisThread,
    pair: suspend () -> Pair<Connection, Connection>,
): Maker = Maker(name, lacks.toSet(), run, null, { tcp(0) }, pair, null)

/**
 * Connections of a network: `networks("memory", Ability.DESCRIPTORS) { MemoryNetwork() }`. Each case gets a network of
 * its own and closes it.
 *
 * @param run runs one case to its end, on the thread or loop that this network needs.
 * @param address a free address to listen on, a new one each time unless the network chooses.
 * @param exhaust runs its argument while no descriptor can be had.
 */
public fun networks(
    name: String,
    vararg lacks: Ability,
    run: (suspend CoroutineScope.() -> Unit) -> Unit = ::onThisThread,
    address: () -> StreamAddress = { tcp(0) },
    exhaust: (suspend (suspend () -> Unit) -> Unit)? = null,
    network: suspend () -> Network,
): Maker = Maker(name, lacks.toSet(), run, network, address, null, exhaust)

internal fun onThisThread(case: suspend CoroutineScope.() -> Unit): Unit = runBlocking { case() }
