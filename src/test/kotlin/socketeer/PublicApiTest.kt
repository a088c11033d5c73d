package socketeer

import io.kotest.assertions.withClue
import io.kotest.core.spec.style.StringSpec
import io.kotest.matchers.collections.shouldBeEmpty
import org.jetbrains.kotlin.abi.tools.AbiFilters
import org.jetbrains.kotlin.abi.tools.AbiTools
import java.io.File

/** All that a user can see is locked in a file; a change of it is seen, and meant, by writing the file anew. */
class PublicApiTest : StringSpec({
    "the public surface is what $GOLDEN says" {
        val now = publicSurface()
        if (System.getProperty("api.update") != null) File(GOLDEN).writeText(now)
        val locked = File(GOLDEN).readText()
        withClue("Meant? Then: $UPDATE\nTypes that are not so in $GOLDEN:") {
            (types(now) - types(locked)).shouldBeEmpty()
        }
        withClue("Meant? Then: $UPDATE\nTypes only so in $GOLDEN:") { (types(locked) - types(now)).shouldBeEmpty() }
    }
})

private const val GOLDEN = "src/test/resources/socketeer.api"
private const val UPDATE = "mvn test -Dtest=PublicApiTest -Dapi.update"

private fun publicSurface(): String {
    val classes = File(Network::class.java.protectionDomain.codeSource.location.toURI())
    val files = classes.walk().filter { it.extension == "class" }.sorted().toList()
    return buildString { AbiTools.getInstance().printJvmDump(this, files, AbiFilters.EMPTY) }
}

private fun types(dump: String) = dump.trim().split("\n\n").toSet()
