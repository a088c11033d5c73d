package socketeer

import kotlin.time.Duration

/** [network] with each of its connections wrapped: to hold what wraps one to the laws. */
class WrappedNetwork(private val network: Network, private val wrap: (Connection) -> Connection) : Network by network {
    override suspend fun bind(address: StreamAddress, vararg options: Setting<*>): BoundSocket =
        Bound(network.bind(address, *options))

    override suspend fun connect(address: StreamAddress, timeout: Duration, vararg options: Setting<*>): Connection =
        wrap(network.connect(address, timeout, *options))

    private inner class Bound(private val socket: BoundSocket) : BoundSocket by socket {
        override suspend fun listen(backlog: Int): Listener = Listening(socket.listen(backlog))

        override suspend fun connect(address: StreamAddress, timeout: Duration): Connection =
            wrap(socket.connect(address, timeout))
    }

    private inner class Listening(private val listener: Listener) : Listener by listener {
        override suspend fun accept(): Connection = wrap(listener.accept())
    }
}
