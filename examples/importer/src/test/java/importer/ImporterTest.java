package importer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.linen.Linen;
import org.junit.jupiter.api.Test;

class ImporterTest {

    @Test
    void linen_imported_isTheOnlyModuleWithNativeAccess() {
        assertEquals("dev.linen", Linen.class.getModule().getName());
        assertTrue(Linen.class.getModule().isNativeAccessEnabled());
        assertEquals("importer", Importer.class.getModule().getName());
        assertFalse(Importer.class.getModule().isNativeAccessEnabled());
    }

    @Test
    void processId_onThisThread_isThisProcess() {
        assertEquals(ProcessHandle.current().pid(), Importer.processId());
    }

    @Test
    void keepInSecondPage_aNumber_keepsIt() {
        assertEquals(42, Importer.keepInSecondPage(42));
    }

    @Test
    void lengthOnNativeThread_text_isItsUtf8Length() throws InterruptedException {
        assertEquals(0, Importer.lengthOnNativeThread(""));
        assertEquals(5, Importer.lengthOnNativeThread("linen"));
        assertEquals(6, Importer.lengthOnNativeThread("l\u00ednen"));
    }
}
