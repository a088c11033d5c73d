package socketeer

import kotlinx.coroutines.Job
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.Semaphore
import socketeer.loop.NioNetwork
import socketeer.loop.SelectLoop
import socketeer.testing.directMemory
import socketeer.testing.same
import socketeer.testing.socketsOfThisProcess
import java.nio.ByteBuffer
import kotlin.time.Duration

/** As many connections come and go as the argument says, in a process where nobody else opens or frees anything. */
fun main(args: Array<String>) {
    // What a busy machine makes of a loop is not asked here.
    SelectLoop(hold = Duration.INFINITE).use { loop ->
        loop.run {
            val network = NioNetwork(loop)
            val listener = network.bind(tcp(0)).listen()
            comeAndGo(network, listener, 500)
            val before = leftovers(loop)
            comeAndGo(network, listener, args.single().toInt())
            same(leftovers(loop), before, "what is left")
            network.close()
        }
    }
    println("nothing is left")
}

/** What must be the same before and after: sockets, watched channels, timers; direct memory to the MiB. */
private fun leftovers(loop: SelectLoop) =
    mapOf(
        "sockets" to socketsOfThisProcess(),
        "keys" to loop.poller.selector.keys().count { it.isValid },
        "timers" to loop.timerCount,
        "coroutines" to loop.coroutineContext[Job]!!.children.count(),
        "direct MiB" to (directMemory() shr 20),
    )

/** [count] connections, 50 at a time, each with a word and an answer; ended by either side, in order and by reset. */
private suspend fun comeAndGo(network: NioNetwork, listener: Listener, count: Int): Unit =
    coroutineScope {
        val serving =
            launch {
                repeat(count) {
                    val peer = listener.accept()
                    launch { peer.use { end -> end.recvExactly(4)?.let { word -> end.send(word) } } }
                }
            }
        val places = Semaphore(50)
        repeat(count) { n ->
            places.acquire()
            launch {
                val near = network.connect(listener.local)
                near.send(ByteBuffer.allocate(4).putInt(0, n))
                same(
                    near.recvExactly(4)!!.toByteArray().toList(),
                    ByteBuffer.allocate(4).putInt(0, n).array().toList(),
                    "the answer",
                )
                // A reset leaves no TIME_WAIT behind, else the ports of this machine would run out.
                near.abort()
                places.release()
            }
        }
        serving.join()
    }
